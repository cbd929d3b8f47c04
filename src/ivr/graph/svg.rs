//! A menu as an SVG picture: light or dark as the reader's screen is, one file, no program needed.

use super::layout::{Arrow, CARD, Frame, KEY, LINE, Layout, MARGIN, PAD, RowFrame};
use super::model::{Card, CardKind, Graph, Link, Row, Target, Tone};
use super::traffic::Traffic;
use super::type_size::{number, width};
use crate::ivr::words::pick;
use std::fmt::{Result, Write};

const STYLE: &str = include_str!("style.css");
/// Of those who came to a card, the share in percent that hung up there: from here on worth a look, and a worry.
const WARN: u64 = 5;
const BAD: u64 = 15;
/// The widest arrow.
const WIDEST: f64 = 11.0;
/// Where the first line of the legend stands.
const LEGEND: f64 = 96.0;
/// The narrowest picture: the legend must fit.
const NARROWEST: f64 = 900.0;

/// The menu as SVG; with widths, counts and colours where traffic is given.
#[must_use]
pub fn svg(graph: &Graph, traffic: Option<&Traffic>) -> String {
    let narrow = Layout::of(graph, 0.0).width.max(NARROWEST);
    let legend = Legend::of(graph, traffic.is_some(), narrow - MARGIN);
    let layout = Layout::of(graph, legend.bottom + 34.0);
    let mut picture = Picture { out: String::new(), graph, traffic, layout: &layout, width: narrow };
    // Writing to a String cannot fail.
    picture.draw(&legend).unwrap_or_default();
    picture.out
}

struct Picture<'p> {
    out: String,
    graph: &'p Graph,
    traffic: Option<&'p Traffic>,
    layout: &'p Layout,
    width: f64,
}

impl Picture<'_> {
    fn say<'a>(&self, en: &'a str, ru: &'a str) -> &'a str {
        pick(self.graph.lang, en, ru)
    }

    fn draw(&mut self, legend: &Legend) -> Result {
        let (width, height) = (self.width, self.layout.height);
        let lang = self.graph.lang;
        writeln!(
            self.out,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
             viewBox=\"0 0 {width} {height}\" xml:lang=\"{lang}\" role=\"img\">"
        )?;
        let title =
            format!("{} — {}", escape(&self.graph.bank), self.say("the menu of the hotline", "меню горячей линии"));
        writeln!(self.out, "<title>{title}</title>\n<style>\n{STYLE}</style>")?;
        writeln!(self.out, "<rect class=\"page\" width=\"{width}\" height=\"{height}\"/>")?;
        writeln!(self.out, "<text class=\"h1\" x=\"{MARGIN}\" y=\"52\">{title}</text>")?;
        let mut sub = format!("{} {}", self.say("version", "версия"), self.graph.version);
        if let Some(traffic) = self.traffic {
            sub = format!("{sub} · {} {}", self.say("calls counted:", "учтено звонков:"), traffic.calls());
        }
        writeln!(self.out, "<text class=\"sub\" x=\"{MARGIN}\" y=\"72\">{}</text>", escape(&sub))?;
        self.out.push_str(&legend.text);
        for arrow in &self.layout.arrows {
            self.arrow(arrow)?;
        }
        for (at, frame) in self.layout.frames.iter().enumerate() {
            self.card(at, frame)?;
        }
        self.counts()?;
        writeln!(self.out, "</svg>")
    }

    /// An arrow from its row to the title of its card, level at both ends.
    fn arrow(&mut self, arrow: &Arrow) -> Result {
        let row = &self.graph.cards[arrow.from].rows[arrow.row];
        let calls = matches!(row.target, Target::Card(_, Link::Calls));
        let mut class = String::from("arrow");
        if row.tone == Tone::Trouble {
            class.push_str(" quiet");
        } else if calls {
            class.push_str(" calls");
        }
        let mut style = String::new();
        if let Some(traffic) = self.traffic {
            let passed = traffic.passed(arrow.from, arrow.to);
            if passed == 0 {
                class.push_str(" unused");
            } else {
                class.push_str(" busy");
                style = format!(" style=\"stroke-width:{:.1};stroke-opacity:.75\"", thickness(passed, traffic));
            }
        }
        let (start, end) = (arrow.start, arrow.end);
        let bend = (end.x - start.x) * 0.52;
        let path = format!(
            "M{:.1} {:.1}C{:.1} {:.1} {:.1} {:.1} {:.1} {:.1}",
            start.x,
            start.y,
            start.x + bend,
            start.y,
            end.x - 8.0 - bend,
            end.y,
            end.x - 8.0,
            end.y
        );
        writeln!(self.out, "<path class=\"{class}\" d=\"{path}\"{style}/>")?;
        let (x, y) = (end.x - 1.0, end.y);
        let head = format!("M{x:.1} {y:.1}l-9 -5v10z");
        writeln!(self.out, "<path class=\"head\" d=\"{head}\"/>")
    }

    fn card(&mut self, at: usize, frame: &Frame) -> Result {
        let (graph, layout) = (self.graph, self.layout);
        let card = &graph.cards[at];
        let share = self.traffic.map_or(0, |traffic| percent(traffic.left(at), traffic.visits(at)));
        let alarm = if share >= BAD {
            " bad"
        } else if share >= WARN {
            " warn"
        } else {
            ""
        };
        let class = kind_class(card.kind);
        let (x, y, height, head) = (frame.at.x, frame.at.y, frame.height, frame.head);
        writeln!(self.out, "<g class=\"node {class}\" id=\"{}\" transform=\"translate({x} {y})\">", card.id)?;
        writeln!(self.out, "<rect class=\"card\" width=\"{CARD}\" height=\"{height}\" rx=\"9\"/>")?;
        let tint = if frame.rows.is_empty() { round(CARD, head) } else { round_top(CARD, head) };
        writeln!(self.out, "<path class=\"tint\" d=\"{tint}\"/>")?;
        writeln!(self.out, "<rect class=\"bar\" width=\"5\" height=\"{:.1}\" y=\"7\" rx=\"2.5\"/>", head - 14.0)?;
        let kind = escape(&format!("{} · {}", kind_name(card.kind, self.graph.lang), card.name));
        writeln!(self.out, "<text class=\"kind\" x=\"{PAD}\" y=\"22\">{kind}</text>")?;
        for (line, number_of) in frame.title.iter().zip(0..) {
            let y = 42.0 + number(number_of) * 20.0;
            writeln!(self.out, "<text class=\"title\" x=\"{PAD}\" y=\"{y}\">{}</text>", escape(line))?;
        }
        if let Some(traffic) = self.traffic {
            let (visits, left) = (traffic.visits(at), traffic.left(at));
            self.pill(visits, left, share, alarm)?;
        }
        for (row, place) in card.rows.iter().zip(&layout.frames[at].rows) {
            self.row(at, card, row, place)?;
        }
        writeln!(self.out, "<rect class=\"edge{alarm}\" width=\"{CARD}\" height=\"{height}\" rx=\"9\"/>")?;
        writeln!(self.out, "</g>")
    }

    /// How many came, and how many of them hung up.
    fn pill(&mut self, visits: u64, left: u64, share: u64, alarm: &str) -> Result {
        let text = if left == 0 { visits.to_string() } else { format!("{visits} · ✕ {left} ({share} %)") };
        let wide = width(&text, 12.2) + 16.0;
        let (x, middle) = (CARD - wide - 8.0, CARD - wide / 2.0 - 8.0);
        writeln!(
            self.out,
            "<rect class=\"pill{alarm}\" x=\"{x:.1}\" y=\"8\" width=\"{wide:.1}\" height=\"19\" rx=\"9.5\"/>"
        )?;
        writeln!(self.out, "<text class=\"pilltext{alarm}\" x=\"{middle:.1}\" y=\"21.5\">{text}</text>")
    }

    fn row(&mut self, at: usize, card: &Card, row: &Row, place: &RowFrame) -> Result {
        let quiet = row.tone == Tone::Trouble || row.tone == Tone::Does;
        writeln!(self.out, "<g{}>", if quiet { " class=\"quiet\"" } else { "" })?;
        let first = place.top + 6.0;
        let mut left = PAD;
        if let Some(key) = &row.key {
            let (x, y) = (left + 11.0, first + 13.5);
            writeln!(
                self.out,
                "<rect class=\"key\" x=\"{left}\" y=\"{first:.1}\" width=\"22\" height=\"18\" rx=\"5\"/>"
            )?;
            writeln!(self.out, "<text class=\"keytext\" x=\"{x}\" y=\"{y:.1}\">{}</text>", escape(key))?;
            left += KEY;
        }
        let tone = match row.tone {
            Tone::Offer | Tone::Outcome => "row",
            Tone::Does => "row does",
            Tone::Trouble => "row trouble",
        };
        for (line, number_of) in place.lines.iter().zip(0..) {
            let y = first + 13.5 + number(number_of) * LINE;
            writeln!(self.out, "<text class=\"{tone}\" x=\"{left}\" y=\"{y:.1}\">{}</text>", escape(line))?;
        }
        if let Some((words, own_line)) = &place.chip {
            let line = if *own_line { place.lines.len() } else { 0 };
            let (x, y) = (CARD - PAD, first + 13.5 + number(line) * LINE);
            self.chip(at, row, words, x, y)?;
        }
        if let Target::Card(to, _) = row.target
            && place.chip.is_none()
        {
            let class = if row.tone == Tone::Trouble { "port quiet" } else { "port" };
            let y = place.top + place.height / 2.0;
            writeln!(self.out, "<circle class=\"{class}\" cx=\"{CARD}\" cy=\"{y:.1}\" r=\"3.5\"/>")?;
            let target = escape(&self.graph.cards[to].title);
            writeln!(self.out, "<title>{} → {target}</title>", escape(&card.title))?;
        }
        writeln!(self.out, "</g>")
    }

    /// The name of a target in place of an arrow; a click leads to it.
    fn chip(&mut self, at: usize, row: &Row, words: &str, x: f64, y: f64) -> Result {
        let words = escape(words);
        match row.target {
            Target::Card(to, link) => {
                let id = &self.graph.cards[to].id;
                let sign = if link == Link::Calls { "⇄" } else { "→" };
                let passed = self.traffic.map_or(0, |traffic| traffic.passed(at, to));
                let count = if passed > 0 { format!(" · {passed}") } else { String::new() };
                writeln!(
                    self.out,
                    "<a href=\"#{id}\"><text class=\"chip\" x=\"{x}\" y=\"{y:.1}\">{sign} {words}{count}</text></a>"
                )
            }
            Target::Words(_) => {
                writeln!(self.out, "<text class=\"chip end\" x=\"{x}\" y=\"{y:.1}\">{words} ●</text>")
            }
            Target::Here => Ok(()),
        }
    }

    /// The counts beside the starts of arrows; rows of a card that lead to the same card share one.
    fn counts(&mut self) -> Result {
        let Some(traffic) = self.traffic else { return Ok(()) };
        for (index, arrow) in self.layout.arrows.iter().enumerate() {
            let same = |other: &&Arrow| other.from == arrow.from && other.to == arrow.to;
            let several = self.layout.arrows.iter().filter(same).count() > 1;
            let first = self.layout.arrows[..index].iter().all(|other| !same(&other));
            let passed = traffic.passed(arrow.from, arrow.to);
            if passed > 0 && first {
                let sign = if several { "Σ " } else { "" };
                let half = thickness(passed, traffic) / 2.0;
                let (x, y) = (arrow.start.x + 7.0, arrow.start.y - 5.0 - half);
                writeln!(self.out, "<text class=\"count\" x=\"{x:.1}\" y=\"{y:.1}\">{sign}{passed}</text>")?;
            }
        }
        Ok(())
    }
}

/// The lines above the picture that say what is what.
struct Legend {
    text: String,
    x: f64,
    y: f64,
    right: f64,
    bottom: f64,
}

impl Legend {
    fn of(graph: &Graph, traffic: bool, right: f64) -> Self {
        let mut legend = Self { text: String::new(), x: MARGIN, y: LEGEND, right, bottom: LEGEND };
        legend.draw(graph, traffic).unwrap_or_default();
        legend.bottom = legend.y + 10.0;
        legend
    }

    /// Room for `wide` pixels, on the next line when this one is full.
    fn room(&mut self, wide: f64) -> (f64, f64) {
        if self.x > MARGIN && self.x + wide > self.right {
            self.line();
        }
        let at = (self.x, self.y);
        self.x += wide + 22.0;
        at
    }

    fn line(&mut self) {
        self.x = MARGIN;
        self.y += 26.0;
    }

    fn draw(&mut self, graph: &Graph, traffic: bool) -> Result {
        let say = |en, ru| pick(graph.lang, en, ru);
        for kind in [CardKind::Line, CardKind::Menu, CardKind::Task, CardKind::Queue, CardKind::Outside] {
            if !graph.cards.iter().any(|card| card.kind == kind) {
                continue;
            }
            let (name, class) = (kind_name(kind, graph.lang), kind_class(kind));
            let (x, y) = self.room(width(name, 12.0) + 22.0);
            let (box_y, text_x) = (y - 11.0, x + 22.0);
            writeln!(
                self.text,
                "<g class=\"{class}\"><rect class=\"bar\" x=\"{x:.1}\" y=\"{box_y:.1}\" width=\"14\" height=\"14\" rx=\"4\"/>"
            )?;
            writeln!(self.text, "<text class=\"small\" x=\"{text_x:.1}\" y=\"{y:.1}\">{name}</text></g>")?;
        }
        self.sample("arrow", say("leads to", "переход"))?;
        self.sample("arrow calls", say("and comes back", "с возвратом"))?;
        self.sample("arrow quiet", say("silence, wrong keys, failures", "тишина, ошибки, отказы"))?;
        self.words(&format!(
            "→ {}",
            say("leads back or aside: click to follow", "переход назад или в сторону: можно нажать")
        ))?;
        if traffic {
            self.line();
            self.words(say("thickness: how many callers went that way", "толщина: сколько клиентов пошло этим путём"))?;
            let left = say("✕ hung up here", "✕ положили трубку здесь");
            self.words(&format!("{left}: {WARN} % · {BAD} %"))?;
            for (class, share) in [("warn", WARN), ("bad", BAD)] {
                let (x, y) = self.room(46.0);
                let (box_y, middle) = (y - 13.0, x + 23.0);
                writeln!(
                    self.text,
                    "<rect class=\"pill {class}\" x=\"{x:.1}\" y=\"{box_y:.1}\" width=\"46\" height=\"18\" rx=\"9\"/>"
                )?;
                writeln!(
                    self.text,
                    "<text class=\"pilltext {class}\" x=\"{middle:.1}\" y=\"{y:.1}\">≥ {share} %</text>"
                )?;
            }
        }
        if !graph.everywhere.is_empty() {
            self.line();
            self.words(say("Unless a card says otherwise:", "Если на карточке не сказано иное:"))?;
            for (cause, target) in &graph.everywhere {
                let is_key = cause.chars().count() == 1;
                if is_key { self.key(cause, target)? } else { self.words(&format!("{cause} → {target}"))? }
            }
        }
        Ok(())
    }

    fn words(&mut self, words: &str) -> Result {
        let (x, y) = self.room(width(words, 12.0));
        writeln!(self.text, "<text class=\"small\" x=\"{x:.1}\" y=\"{y:.1}\">{}</text>", escape(words))
    }

    fn sample(&mut self, class: &str, words: &str) -> Result {
        let (x, y) = self.room(width(words, 12.0) + 44.0);
        let (line_y, text_x) = (y - 4.0, x + 44.0);
        writeln!(self.text, "<path class=\"{class}\" d=\"M{x:.1} {line_y:.1}h34\"/>")?;
        writeln!(self.text, "<text class=\"small\" x=\"{text_x:.1}\" y=\"{y:.1}\">{}</text>", escape(words))
    }

    fn key(&mut self, key: &str, words: &str) -> Result {
        let (x, y) = self.room(width(words, 12.0) + 28.0);
        let (box_y, middle, text_x) = (y - 13.0, x + 10.0, x + 28.0);
        writeln!(self.text, "<rect class=\"key\" x=\"{x:.1}\" y=\"{box_y:.1}\" width=\"20\" height=\"18\" rx=\"5\"/>")?;
        writeln!(self.text, "<text class=\"keytext\" x=\"{middle:.1}\" y=\"{y:.1}\">{}</text>", escape(key))?;
        writeln!(self.text, "<text class=\"small\" x=\"{text_x:.1}\" y=\"{y:.1}\">{}</text>", escape(words))
    }
}

const fn kind_class(kind: CardKind) -> &'static str {
    match kind {
        CardKind::Line => "line",
        CardKind::Menu => "menu",
        CardKind::Task => "task",
        CardKind::Queue => "queue",
        CardKind::Outside => "outside",
    }
}

const fn kind_name(kind: CardKind, lang: crate::model::Lang) -> &'static str {
    match kind {
        CardKind::Line => pick(lang, "line", "линия"),
        CardKind::Menu => pick(lang, "menu", "меню"),
        CardKind::Task => pick(lang, "task", "сценарий"),
        CardKind::Queue => pick(lang, "queue", "очередь"),
        CardKind::Outside => pick(lang, "outside number", "внешний номер"),
    }
}

/// A whole share in percent, rounded down; none of nothing.
const fn percent(part: u64, whole: u64) -> u64 {
    match part.saturating_mul(100).checked_div(whole) {
        Some(share) => share,
        None => 0,
    }
}

/// A share from 0 to 1, in thousandths.
fn ratio(part: u64, whole: u64) -> f64 {
    let thousandths = part.saturating_mul(1_000).checked_div(whole).unwrap_or(0);
    f64::from(u32::try_from(thousandths).unwrap_or(1_000)) / 1_000.0
}

/// How wide the arrow of a count is: its area grows with the count.
fn thickness(passed: u64, traffic: &Traffic) -> f64 {
    1.6 + (WIDEST - 1.6) * ratio(passed, traffic.busiest()).sqrt()
}

/// A rectangle with round upper corners.
fn round_top(wide: f64, high: f64) -> String {
    format!("M0 {high}V9Q0 0 9 0H{:.1}Q{wide} 0 {wide} 9V{high}Z", wide - 9.0)
}

/// A rectangle with round corners.
fn round(wide: f64, high: f64) -> String {
    let (right, bottom) = (wide - 9.0, high - 9.0);
    format!("M0 9Q0 0 9 0H{right}Q{wide} 0 {wide} 9V{bottom}Q{wide} {high} {right} {high}H9Q0 {high} 0 {bottom}Z")
}

fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            letter if letter.is_control() => escaped.push(' '),
            letter => escaped.push(letter),
        }
    }
    escaped
}

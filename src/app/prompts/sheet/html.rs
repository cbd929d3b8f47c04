//! The sheet as a page that reads well on a screen and on paper, in one file.

use super::{Group, Line, Sheet, clock};
use crate::ivr::speech::Variant;
use std::fmt::Write as _;

const STYLE: &str = "\
:root{--ink:#1c2430;--dim:#5d6b7c;--line:#d9e0e8;--paper:#fff;--wash:#f4f7fa;--mark:#fff1b8;--open:#0b6bcb;--closed:#2c7a4b;--warn:#b3261e}
@media (prefers-color-scheme:dark){@media screen{:root{--ink:#e8edf3;--dim:#9aa8b8;--line:#334050;--paper:#141a21;--wash:#1c242d;--mark:#5a4a12;--open:#7fb8ff;--closed:#7fd6a0;--warn:#ff8a80}}}
*{box-sizing:border-box}
body{margin:0 auto;padding:2rem 1.5rem 4rem;max-width:72rem;color:var(--ink);background:var(--paper);font:16px/1.45 system-ui,-apple-system,\"Segoe UI\",Roboto,\"Noto Sans\",sans-serif}
h1{margin:0;font-size:1.7rem;line-height:1.2}
h2{margin:2.2rem 0 .5rem;font-size:1.15rem;display:flex;gap:1rem;justify-content:space-between;align-items:baseline;break-after:avoid}
h2 span,.dim{color:var(--dim);font-weight:400;font-size:.875rem}
.rules{margin:1rem 0 0;padding:.9rem 1.1rem .9rem 2.2rem;background:var(--wash);border-radius:.5rem}
.rules li{margin:.15rem 0}
table{width:100%;border-collapse:collapse;table-layout:fixed}
th{text-align:left;font-weight:600;font-size:.8rem;color:var(--dim);padding:.3rem .6rem;border-bottom:2px solid var(--line)}
td{padding:.55rem .6rem;border-bottom:1px solid var(--line);vertical-align:top;overflow-wrap:anywhere}
tr{break-inside:avoid}
.n{width:3rem;color:var(--dim);text-align:right;font-variant-numeric:tabular-nums}
.f{width:13rem;font:.82rem/1.4 ui-monospace,Menlo,Consolas,monospace}
.s{width:5rem;text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
.t{width:5.6rem;white-space:nowrap}
.say{font-size:1.12rem;font-weight:600}
.ctx{margin-top:.2rem;color:var(--dim);font-size:.9rem}
mark{background:var(--mark);color:inherit;padding:0 .15em;border-radius:.2em}
.end{margin-top:.2rem;font-size:.85rem}
.open{color:var(--open)}.closed{color:var(--closed)}
.todo{color:var(--warn);font:600 .8rem system-ui,sans-serif;display:block;margin-top:.2rem}
.box{display:inline-block;width:1rem;height:1rem;border:1.5px solid var(--dim);border-radius:.2rem;margin-right:.25rem}
@media (max-width:42rem){.n,.t{display:none}.f{width:8rem}}
@page{size:A4;margin:14mm 12mm 16mm}
@media print{html{font-size:12px}body{padding:0;max-width:none;font-size:1rem}td{padding:.35rem .5rem}.f{width:11rem}.say{font-size:1.05rem}.rules{background:none;border:1px solid var(--line)}mark{background:none;text-decoration:underline;text-decoration-thickness:1.5px;text-underline-offset:2px}thead{display:table-header-group}}
";

pub(super) fn page(sheet: &Sheet) -> String {
    let count: usize = sheet.groups.iter().map(|group| group.lines.len()).sum();
    let seconds: f64 = sheet.groups.iter().flat_map(|group| &group.lines).map(|line| line.seconds).sum();
    let title = escape(&format!("{} · {}", sheet.bank, sheet.word("announcer's sheet", "лист диктора")));
    let summary = match sheet.lang {
        crate::model::Lang::En => format!("{count} recordings, {} of speech", clock(seconds)),
        crate::model::Lang::Ru => format!("записей: {count}, чистой речи {}", clock(seconds)),
    };
    let mut body = String::new();
    let mut number = 0;
    for group in &sheet.groups {
        write_group(&mut body, sheet, group, &mut number);
    }
    if sheet.groups.is_empty() {
        let nothing = sheet.word("Nothing to record.", "Записывать нечего.");
        push(&mut body, format_args!("<p>{nothing}</p>\n"));
    }
    let lang = sheet.lang.code();
    let rules = rules(sheet);
    format!(
        "<!doctype html>\n<html lang=\"{lang}\">\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n<title>{title}</title>\n<style>\n{STYLE}</style>\n\
         <h1>{title}</h1>\n<p class=\"dim\">{summary}</p>\n{rules}{body}</html>\n"
    )
}

/// How to record, in a few lines.
fn rules(sheet: &Sheet) -> String {
    let rules = [
        sheet.word(
            "One file for each line, named as in the “File” column; WAV, 48 kHz, 24 bit, about a quarter of a second of silence round the words.",
            "Каждая строка — отдельный файл с именем из столбца «Файл»; WAV, 48 кГц, 24 бита, вокруг слов около четверти секунды тишины.",
        ),
        sheet.word(
            "Say only the words in bold. The marked place shows where they stand; the rest is put in by the machine.",
            "Произносите только выделенный жирным текст. Пометка показывает его место; остальное подставит система.",
        ),
        sheet.word(
            "↗ keep the voice up, as in the middle of a sentence. ↘ let it fall, as at a full stop.",
            "↗ голос не опускайте, как в середине предложения. ↘ опустите, как перед точкой.",
        ),
        sheet.word(
            "One calm pace and one distance from the microphone for all of it; the peaks well under full scale.",
            "Один спокойный темп и одно расстояние до микрофона для всех записей; пики заметно ниже предела.",
        ),
    ];
    let items = rules.map(|rule| format!("<li>{}</li>\n", escape(rule))).concat();
    format!("<ul class=\"rules\">\n{items}</ul>\n")
}

fn write_group(body: &mut String, sheet: &Sheet, group: &Group, number: &mut usize) {
    let seconds: f64 = group.lines.iter().map(|line| line.seconds).sum();
    let (file, text) = (sheet.word("File", "Файл"), sheet.word("Words", "Текст"));
    let (length, takes) = (sheet.word("Seconds", "Секунды"), sheet.word("Takes", "Дубли"));
    push(
        body,
        format_args!(
            "<section>\n<h2>{} <span>{} · {}</span></h2>\n<table>\n<thead><tr><th class=\"n\">№</th><th class=\"f\">{file}</th>\
         <th>{text}</th><th class=\"s\">{length}</th><th class=\"t\">{takes}</th></tr></thead>\n<tbody>\n",
            escape(&group.title),
            group.lines.len(),
            clock(seconds)
        ),
    );
    for line in &group.lines {
        *number += 1;
        write_line(body, sheet, line, *number);
    }
    body.push_str("</tbody>\n</table>\n</section>\n");
}

fn write_line(body: &mut String, sheet: &Sheet, line: &Line, number: usize) {
    let class = if line.ending == Variant::Mid { "open" } else { "closed" };
    let state = if line.state == "ok" {
        String::new()
    } else {
        format!("<span class=\"todo\">{}</span>", sheet.state(line.state))
    };
    push(
        body,
        format_args!(
            "<tr><td class=\"n\">{number}</td><td class=\"f\">{}{state}</td><td><div class=\"say\">{}</div>{}\
         <div class=\"end {class}\">{}</div></td><td class=\"s\">{:.1}</td>\
         <td class=\"t\"><i class=\"box\"></i><i class=\"box\"></i><i class=\"box\"></i></td></tr>\n",
            escape(&line.file),
            escape(&line.text),
            context(sheet, line),
            sheet.ending(line.ending),
            line.seconds
        ),
    );
}

/// The sentence with the fragment marked; nothing where the fragment is the whole.
fn context(sheet: &Sheet, line: &Line) -> String {
    let (before, after) = &line.context;
    let alone = !before.contains(char::is_alphanumeric) && !after.contains(char::is_alphanumeric);
    if alone {
        return String::new();
    }
    let more = if line.more == 0 {
        String::new()
    } else {
        format!(" · {} {}", sheet.word("also elsewhere:", "и в других местах:"), line.more)
    };
    let join = if before.is_empty() || before.ends_with(char::is_whitespace) { "" } else { " " };
    let text = line.text.trim_end();
    // The fragment's own full stop is the first letter of what follows it.
    let after = if text.ends_with(['.', '!', '?']) { after.trim_start_matches(['.', '!', '?']) } else { after };
    let after = after.trim_start();
    let gap = if after.starts_with(|letter: char| letter.is_alphanumeric() || letter == '«') { " " } else { "" };
    format!(
        "<div class=\"ctx\">{}{join}<mark>{}</mark>{gap}{}{more}</div>",
        escape(before),
        escape(text),
        escape(after.trim_end())
    )
}

/// Appends; a `String` takes everything.
fn push(text: &mut String, arguments: std::fmt::Arguments<'_>) {
    if text.write_fmt(arguments).is_err() {
        text.push('?');
    }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

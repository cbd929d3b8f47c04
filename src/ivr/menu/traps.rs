//! What people write that YAML reads otherwise, said in plain words.

use super::sources::{Finding, Report};
use super::{Code, Place, Text};

/// Looks for the traps that can be seen line by line; all of them are reported, not only the first.
pub(super) fn scan(report: &mut Report, file: u16, text: &str) {
    let mut block: Option<usize> = None;
    for (index, line) in text.lines().enumerate() {
        let indent = line.len() - line.trim_start().len();
        if line.trim().is_empty() {
            continue;
        }
        if block.is_some_and(|outer| indent > outer) {
            continue;
        }
        block = opens_block(line).then_some(indent);
        let number = u32::try_from(index + 1).unwrap_or(u32::MAX);
        line_traps(report, Place { file, line: number, column: 1 }, line);
    }
}

/// Whether a block text (`>-`, `|`) begins on this line; what is inside is text, not YAML.
fn opens_block(line: &str) -> bool {
    let code = line.split(" #").next().unwrap_or_default().trim_end();
    [": >", ": >-", ": |", ": |-", ": >+", ": |+"].iter().any(|ending| code.ends_with(ending))
}

fn line_traps(report: &mut Report, start: Place, line: &str) {
    let at = |byte: usize| {
        let column = line.get(..byte).map_or(0, |before| before.chars().count());
        Place { column: u32::try_from(column + 1).unwrap_or(1), ..start }
    };
    let blank = &line[..line.len() - line.trim_start().len()];
    if let Some((byte, _)) =
        line.char_indices().find(|(_, letter)| letter.is_control() && !matches!(letter, '\t' | '\r'))
    {
        let message = Text::new("a character nobody can see", "здесь невидимый знак");
        let help = Text::new("delete it and write the word anew", "удалите его и наберите слово заново");
        report.add(at(byte), 1, Finding::new(Code::E17, message).help(help));
    }
    if let Some(byte) = blank.find(|letter: char| !letter.is_ascii_whitespace()) {
        let message = Text::new(
            "a space of another kind, perhaps copied from a document",
            "пробел другого вида, возможно, скопирован из документа",
        );
        let help = Text::new("delete it and press the space bar", "удалите его и нажмите пробел");
        report.add(at(byte), 1, Finding::new(Code::E17, message).help(help));
    }
    if let Some(tab) = blank.find('\t') {
        let message = Text::new("a tab; indent with spaces", "вместо табуляции нужны пробелы");
        let help = Text::new("set the editor to put two spaces for Tab", "настройте редактор: два пробела вместо Tab");
        report.add(at(tab), 1, Finding::new(Code::E17, message).help(help));
    }
    let body = line.trim_start();
    let star = if body.starts_with("*:") { Some(blank.len()) } else { line.find("{*:").or(line.find(", *:")) };
    if let Some(found) = star {
        let byte = found + line.get(found..).and_then(|rest| rest.find('*')).unwrap_or(0);
        let message = Text::new("the star key is written star", "звёздочка пишется словом star");
        let help = Text::new("write `star: back`", "пишите `star: back`");
        report.add(at(byte), 1, Finding::new(Code::E17, message).help(help));
    }
    if body.strip_prefix('-').is_some_and(|rest| rest.starts_with(char::is_alphabetic)) && body.contains(':') {
        let message = Text::new("a space is missing after the dash", "после тире нужен пробел");
        let help = Text::new("write `- say: greeting`", "пишите `- say: greeting`");
        report.add(at(blank.len()), 1, Finding::new(Code::E17, message).help(help));
    }
    if body.starts_with("#:") {
        let message = Text::new(
            "a comment in place of a key; the hash key is written hash",
            "пустая строка вместо клавиши; решётка пишется словом hash",
        );
        let help = Text::new("write `hash: repeat`", "пишите `hash: repeat`");
        report.add(at(blank.len()), 1, Finding::new(Code::E17, message).help(help));
    }
}

/// Says what the YAML reader could not read in words for people.
pub(super) fn explain(report: &mut Report, place: Place, text: &str, info: &str) {
    let index = place.line.saturating_sub(1) as usize;
    let line = text.lines().nth(index).unwrap_or_default();
    if let Some(column) = second_colon(line).filter(|_| info.contains("mapping values") || info.contains("simple key"))
    {
        let message = Text::new(
            "there is a colon in the text; move the text to the next line after >-",
            "в тексте есть двоеточие, перенесите текст на новую строку после >-",
        );
        let help = Text::new("or put the whole text into double quotes", "или возьмите весь текст в двойные кавычки");
        report.add(Place { column, ..place }, 1, Finding::new(Code::E17, message).help(help));
        return;
    }
    if let Some((column, first)) = special_beginning(line) {
        let message = Text::new(
            format!("a text that begins with {first} goes to the next line after >-"),
            format!("текст, который начинается с {first}, пишут с новой строки после >-"),
        );
        let help = Text::new("or put the whole text into double quotes", "или возьмите весь текст в двойные кавычки");
        report.add(Place { column, ..place }, 1, Finding::new(Code::E17, message).help(help));
        return;
    }
    if let Some((above, column, bracket)) = unclosed(text, index) {
        let message = Text::new(format!("the bracket {bracket} is not closed"), format!("скобка {bracket} не закрыта"));
        let help = Text::new("close it at the end of the same line", "закройте её в конце той же строки");
        let line = u32::try_from(above + 1).unwrap_or(u32::MAX);
        report.add(Place { line, column, ..place }, 1, Finding::new(Code::E17, message).help(help));
        return;
    }
    if let Some((above, column, finding)) = no_colon_above(text, index) {
        let line = u32::try_from(above + 1).unwrap_or(u32::MAX);
        report.add(Place { line, column, ..place }, 1, finding);
        return;
    }
    let (message, help) = friendly(info);
    report.add(place, 1, Finding::new(Code::E17, message).help(help));
}

/// A key above the line that cannot be read whose colon, or the space behind it, was forgotten: YAML goes on reading
/// and stumbles only here. The index of its line, and the column (from 1) where something is missing.
fn no_colon_above(text: &str, index: usize) -> Option<(usize, u32, Finding)> {
    let indent = |line: &str| line.len() - line.trim_start().len();
    let lines: Vec<&str> = text.lines().take(index + 1).collect();
    let here = lines.get(index)?;
    let says = |line: &str| !line.trim().is_empty() && !line.trim_start().starts_with('#');
    let above = (0..index).rev().find(|above| lines.get(*above).is_some_and(|line| says(line)))?;
    let written = lines.get(above)?.split(" #").next()?.trim_end();
    let key = written.trim_start().trim_start_matches("- ");
    let is_name = |word: &str| {
        word.starts_with(|first: char| first.is_ascii_alphabetic())
            && word.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
    };
    let column = |count: usize| u32::try_from(count + 1).ok();
    if is_name(key) && indent(here) > indent(written) {
        let message = Text::new(format!("a colon is missing after {key}"), format!("после {key} нет двоеточия"));
        let help = Text::new(format!("write `{key}:`"), format!("пишите `{key}:`"));
        return Some((above, column(written.chars().count())?, Finding::new(Code::E17, message).help(help)));
    }
    let (name, value) = key.split_once(':')?;
    if is_name(name) && value.starts_with(|first: char| first.is_alphanumeric() || matches!(first, '{' | '[' | '"')) {
        let message = Text::new("a space is missing after the colon", "после двоеточия нужен пробел");
        let help = Text::new(format!("write `{name}: {value}`"), format!("пишите `{name}: {value}`"));
        let before = written.chars().count() - value.chars().count();
        return Some((above, column(before)?, Finding::new(Code::E17, message).help(help)));
    }
    None
}

/// An unquoted value beginning with a character YAML keeps for itself: its column (from 1) and the character.
fn special_beginning(line: &str) -> Option<(u32, char)> {
    let start = line.find(": ").map(|colon| colon + 2)?;
    let value = line[start..].trim_start();
    let first = value.chars().next()?;
    let special = match first {
        '@' | '`' | '%' => true,
        // `{card.last4|digits} is yours`: the brace is closed and more follows.
        '{' => value.find('}').is_some_and(|end| !value[end + 1..].trim_start().is_empty() && !value.contains(": ")),
        _ => false,
    };
    let column = line[..line.len() - value.len()].chars().count() + 1;
    special.then(|| u32::try_from(column).ok().map(|column| (column, first))).flatten()
}

/// A bracket opened and not closed in the line or the one above it: the line's index, the column (from 1), which.
fn unclosed(text: &str, index: usize) -> Option<(usize, u32, char)> {
    let lines: Vec<&str> = text.lines().take(index + 1).collect();
    let above = (0..index).rev().find(|above| lines.get(*above).is_some_and(|line| !line.trim().is_empty()));
    [above, Some(index)].into_iter().flatten().find_map(|at| {
        let line = lines.get(at)?;
        let (mut open, mut quote) = (Vec::new(), None);
        for (column, letter) in (1_u32..).zip(line.chars()) {
            match letter {
                '"' | '\'' if quote.is_none() => quote = Some(letter),
                _ if quote == Some(letter) => quote = None,
                _ if quote.is_some() => {}
                '#' => break,
                '{' | '[' => open.push((column, letter)),
                '}' | ']' => {
                    open.pop();
                }
                _ => {}
            }
        }
        open.first().map(|(column, letter)| (at, *column, *letter))
    })
}

/// The column (from 1) of a colon inside an unquoted value.
fn second_colon(line: &str) -> Option<u32> {
    let (key, value) = line.split_once(": ")?;
    if value.trim_start().starts_with(['"', '\'', '{', '[']) {
        return None;
    }
    let colon = value.find(": ").or_else(|| value.trim_end().ends_with(':').then(|| value.trim_end().len() - 1))?;
    let before = key.chars().count() + 2 + value[..colon].chars().count();
    u32::try_from(before + 1).ok()
}

fn friendly(info: &str) -> (Text, Text) {
    let quotes = ("or put the whole text into double quotes", "или возьмите весь текст в двойные кавычки");
    let same = (
        "what belongs together begins in the same column, each level two spaces further right",
        "однородное начинается в одном столбце, каждый уровень — на два пробела правее",
    );
    let known: [(&str, &str, &str, (&str, &str)); 9] = [
        ("unknown anchor", "aliases (*name) are not used here", "псевдонимы (*имя) здесь не используются", quotes),
        (
            "anchor or alias",
            "a text that begins with * or & goes to the next line after >-",
            "текст, который начинается с * или &, пишут с новой строки после >-",
            quotes,
        ),
        (
            "tab",
            "a tab; indent with spaces",
            "вместо табуляции нужны пробелы",
            ("set the editor to put two spaces for Tab", "настройте редактор: два пробела вместо Tab"),
        ),
        (
            "quoted scalar",
            "the quotes are opened here and not closed properly",
            "кавычки здесь открыты и закрыты неверно",
            ("put one quote at the beginning and one at the end", "одна кавычка в начале текста, одна в конце"),
        ),
        (
            "flow mapping",
            "a comma or } is missing",
            "не хватает запятой или }",
            ("write `{say: sorry, go: main}`", "пишите `{say: sorry, go: main}`"),
        ),
        ("flow sequence", "a comma or ] is missing", "не хватает запятой или ]", ("write `[a, b]`", "пишите `[a, b]`")),
        (
            "simple key",
            "a key without a colon after it",
            "после ключа нет двоеточия",
            ("write `key: value`", "пишите `ключ: значение`"),
        ),
        ("mapping", "the line begins in the wrong column", "строка начинается не в том столбце", same),
        ("indent", "the line begins in the wrong column", "строка начинается не в том столбце", same),
    ];
    match known.into_iter().find(|(part, ..)| info.contains(part)) {
        Some((_, en, ru, help)) => (Text::new(en, ru), Text::new(help.0, help.1)),
        None if info.contains("block ") => (Text::new(known[8].1, known[8].2), Text::new(same.0, same.1)),
        None => (
            Text::new("this line cannot be read", "эту строку не прочесть"),
            Text::new(
                "a text with signs of its own goes to the next line after >-",
                "текст с особыми знаками пишут с новой строки после >-",
            ),
        ),
    }
}

/// The text of a file, without a byte order mark; bytes that are no UTF-8 are reported with their line.
pub(super) fn decode(bytes: &[u8]) -> Result<&str, (u32, u32)> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    str::from_utf8(bytes).map_err(|error| {
        let before = &bytes[..error.valid_up_to()];
        let line = before.split(|byte| *byte == b'\n').count();
        let start = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |newline| newline + 1);
        let column = str::from_utf8(&before[start..]).map_or(1, |text| text.chars().count() + 1);
        (u32::try_from(line).unwrap_or(u32::MAX), u32::try_from(column).unwrap_or(u32::MAX))
    })
}

/// The finding for a file that is not UTF-8.
pub(super) fn wrong_encoding(bytes: &[u8]) -> Finding {
    let message = if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") {
        Text::new("the file is UTF-16, not UTF-8", "файл в кодировке UTF-16, а нужна UTF-8")
    } else {
        Text::new("the file is not UTF-8, probably Windows-1251", "файл не в кодировке UTF-8, похоже на Windows-1251")
    };
    let help = Text::new("save the file as UTF-8 in the editor", "сохраните файл в редакторе как UTF-8");
    Finding::new(Code::E17, message).help(help)
}

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
    let line = text.lines().nth(place.line.saturating_sub(1) as usize).unwrap_or_default();
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
    let (en, ru) = friendly(info);
    let finding = Finding::new(Code::E17, Text::new(en.unwrap_or(info), ru));
    report.add(place, 1, finding);
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

fn friendly(info: &str) -> (Option<&'static str>, &'static str) {
    let known: [(&str, &str, &str); 8] = [
        ("unknown anchor", "aliases (*name) are not used here", "псевдонимы (*имя) здесь не используются"),
        (
            "anchor or alias",
            "a text that begins with * or & needs quotes",
            "текст, начинающийся с * или &, возьмите в кавычки",
        ),
        ("tab", "a tab; indent with spaces", "вместо табуляции нужны пробелы"),
        ("quoted scalar", "the quotes are not closed properly", "кавычки закрыты неверно"),
        ("flow mapping", "a comma or } is missing", "не хватает запятой или }"),
        ("flow sequence", "a comma or ] is missing", "не хватает запятой или ]"),
        ("simple key", "a key without a colon after it", "после ключа нет двоеточия"),
        ("indent", "the indentation does not fit the lines above", "отступ не совпадает со строками выше"),
    ];
    let found = known.into_iter().find(|(part, ..)| info.contains(part));
    match found {
        Some((_, en, ru)) => (Some(en), ru),
        None if info.contains("block mapping") || info.contains("block collection") => {
            (Some("the indentation does not fit the lines above"), "отступ не совпадает со строками выше")
        }
        None => (None, "строка не читается как YAML"),
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
pub(super) fn wrong_encoding() -> Finding {
    let message =
        Text::new("the file is not UTF-8, probably Windows-1251", "файл не в кодировке UTF-8, похоже на Windows-1251");
    let help = Text::new("save the file as UTF-8 in the editor", "сохраните файл в редакторе как UTF-8");
    Finding::new(Code::E17, message).help(help)
}

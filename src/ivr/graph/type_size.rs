//! How wide a text is, near enough to break lines: there is no font at hand. Widths are those of common sans-serif
//! faces, rounded up.

/// A whole number as a coordinate.
pub(super) fn number(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}

/// The width of a text in pixels at a size.
pub(super) fn width(text: &str, size: f64) -> f64 {
    text.chars().map(em).sum::<f64>() * size
}

fn em(letter: char) -> f64 {
    match letter {
        'i' | 'l' | 'j' | 'I' | '.' | ',' | ':' | ';' | '\'' | '|' | '!' => 0.31,
        ' ' | 't' | 'f' | 'r' | '-' | '(' | ')' | '[' | ']' | '/' | '"' => 0.38,
        'm' | 'w' | 'M' | 'W' | '@' | '%' | '—' | '→' => 0.95,
        'ж' | 'м' | 'ш' | 'щ' | 'ы' | 'ю' | 'ф' => 0.82,
        'Ж' | 'М' | 'Ш' | 'Щ' | 'Ы' | 'Ю' | 'Ф' | 'Д' => 0.96,
        _ if letter.is_uppercase() => 0.73,
        'a'..='z' | '0'..='9' => 0.58,
        _ => 0.61,
    }
}

/// A text in lines no wider than `room`, at most `most` of them; what does not fit ends in an ellipsis.
pub(super) fn wrap(text: &str, size: f64, room: f64, most: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut line = String::new();
    for word in text.split_whitespace() {
        let longer = if line.is_empty() { word.to_owned() } else { format!("{line} {word}") };
        if width(&longer, size) <= room || line.is_empty() {
            line = longer;
        } else {
            lines.push(std::mem::replace(&mut line, word.to_owned()));
        }
    }
    if !line.is_empty() || lines.is_empty() {
        lines.push(line);
    }
    let cut = lines.len() > most;
    lines.truncate(most);
    let count = lines.len();
    for (at, line) in lines.iter_mut().enumerate() {
        let more = cut && at + 1 == count;
        if more || width(line, size) > room {
            *line = shorten(line, size, room);
        }
    }
    lines
}

/// A text with an ellipsis, no wider than `room`.
fn shorten(text: &str, size: f64, room: f64) -> String {
    let mut letters: Vec<char> = text.trim_end_matches([',', '.', ' ']).chars().collect();
    loop {
        let short: String = letters.iter().collect::<String>() + "…";
        if width(&short, size) <= room || letters.pop().is_none() {
            return short;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_never_wider_than_the_room() {
        let texts =
            ["Чтобы узнать баланс карты и последние операции", "Donaudampfschifffahrtsgesellschaft", "", "a b c"];
        for text in texts {
            for room in [30.0, 60.0, 200.0] {
                let lines = wrap(text, 13.0, room, 3);
                assert!(!lines.is_empty() && lines.len() <= 3, "{text}");
                assert!(lines.iter().all(|line| width(line, 13.0) <= room), "{lines:?} in {room}");
            }
        }
        assert_eq!(wrap("one two three", 13.0, 70.0, 1), ["one two…"]);
    }
}

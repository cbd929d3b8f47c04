//! The sheet as a table for spreadsheets (RFC 4180, UTF-8 with a byte-order mark, which Excel asks for).

use super::Sheet;

pub(super) fn table(sheet: &Sheet) -> String {
    let mut text = String::from('\u{feff}');
    let head = match sheet.lang {
        crate::model::Lang::En => ["scenario", "file", "text", "before", "after", "ending", "seconds", "state"],
        crate::model::Lang::Ru => ["сценарий", "файл", "текст", "до", "после", "окончание", "секунды", "состояние"],
    };
    row(&mut text, &head);
    for group in &sheet.groups {
        for line in &group.lines {
            let seconds = format!("{:.1}", line.seconds);
            let (before, after) = (line.context.0.trim(), line.context.1.trim());
            let (ending, state) = (sheet.ending(line.ending), sheet.state(line.state));
            row(&mut text, &[&group.title, &line.file, &line.text, before, after, ending, &seconds, state]);
        }
    }
    text
}

fn row(text: &mut String, columns: &[&str]) {
    let quoted: Vec<String> = columns.iter().map(|column| quote(column)).collect();
    text.push_str(&quoted.join(","));
    text.push_str("\r\n");
}

/// A column in quotes where it needs them. What a spreadsheet would take for a formula is told to be text.
fn quote(column: &str) -> String {
    let column = if column.starts_with(['=', '+', '-', '@']) { format!("'{column}") } else { column.to_owned() };
    if column.contains([',', '"', '\n', '\r', ';']) { format!("\"{}\"", column.replace('"', "\"\"")) } else { column }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commas_quotes_and_formulas_stay_text() {
        for (column, expected) in
            [("plain", "plain"), ("a, b", "\"a, b\""), ("say \"one\"", "\"say \"\"one\"\"\""), ("=1+1", "'=1+1")]
        {
            assert_eq!(quote(column), expected);
        }
    }
}

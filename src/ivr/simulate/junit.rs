//! Test results for continuous integration.

use super::runner::TestRun;
use crate::model::Lang;
use std::fmt::Write;

/// A run as `JUnit` XML, one suite; times are virtual, in seconds. In English, whatever the
/// locale: results of builds are compared.
#[must_use]
pub fn junit(run: &TestRun) -> String {
    let mut xml = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let mut line = |text: String| {
        xml.push_str(&text);
        xml.push('\n');
    };
    line(format!("<testsuite name=\"menus\" tests=\"{}\" failures=\"{}\">", run.results.len(), run.failed()));
    for result in &run.results {
        let (name, file) = (escape(&result.name), escape(&result.file));
        let seconds = result.length.as_secs_f64();
        let head = format!(
            "  <testcase name=\"{name}\" classname=\"{file}\" file=\"{file}\" line=\"{}\" time=\"{seconds:.3}\"",
            result.line
        );
        match &result.failure {
            None => line(format!("{head}/>")),
            Some(failure) => {
                line(format!("{head}>"));
                let place = format!("{}:{}", escape(&failure.file), failure.line);
                line(format!("    <failure message=\"{place}: {}\"/>", escape(&failure.unmet.say(Lang::En))));
                line("  </testcase>".to_owned());
            }
        }
    }
    line("</testsuite>".to_owned());
    xml
}

fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        let entity = match letter {
            '&' => "&amp;",
            '<' => "&lt;",
            '>' => "&gt;",
            '"' => "&quot;",
            control if control.is_control() => " ",
            plain => {
                escaped.push(plain);
                continue;
            }
        };
        // Writing to a String cannot fail.
        if write!(escaped, "{entity}").is_err() {
            break;
        }
    }
    escaped
}

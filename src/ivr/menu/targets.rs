//! A menu held against what only the configuration knows: whom callers may be handed to.

use super::lexis::nearest;
use super::{Code, Menu, Problem, Step, Text};

/// E01 for every transfer to a target that is not among these names of the configuration.
#[must_use]
pub fn check_targets(menu: &Menu, known: &[&str]) -> Vec<Problem> {
    let steps = menu.tasks.iter().flat_map(|task| &task.steps);
    let unknown = steps.filter_map(|node| match &node.step {
        Step::Transfer(transfer) if !known.contains(&&*transfer.target) => Some((node.place, &*transfer.target)),
        _ => None,
    });
    let problem = |(place, target): (super::Place, &str)| Problem {
        code: Code::E01,
        severity: Code::E01.severity(),
        file: menu.files.get(usize::from(place.file)).cloned().unwrap_or_default(),
        place,
        length: 1,
        source: "".into(),
        message: Text::new(
            format!("no target \"{target}\" in the configuration"),
            format!("в конфигурации нет цели «{target}»"),
        ),
        help: advice(target, known),
    };
    unknown.map(problem).collect()
}

fn advice(target: &str, known: &[&str]) -> Text {
    let name = (
        "name it under transfers: in the configuration: nobody else is ever called",
        "назовите её в transfers: конфигурации — больше никому сервер не звонит",
    );
    let (en, ru) = match nearest(target, known.iter().copied()) {
        Some(near) => {
            (format!("did you mean \"{near}\"? Or {}", name.0), format!("может быть, «{near}»? Или {}", name.1))
        }
        None if known.is_empty() => (format!("{}; there are none yet", name.0), format!("{}; пока целей нет", name.1)),
        None => {
            let all = known.join(", ");
            (format!("{}; there are: {all}", name.0), format!("{}; есть: {all}", name.1))
        }
    };
    Text::new(en, ru)
}

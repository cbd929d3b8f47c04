//! `hotline graph`: a menu as a picture.

use super::cli::{Graph as Arguments, GraphFormat};
use super::folders::with_store;
use super::menus::load;
use super::store::removed_note;
use crate::io::clock::Clock;
use crate::io::store::Period;
use crate::ivr::graph::{Graph, Traffic, dot, mermaid, page, svg};
use crate::ivr::menu::Menu;
use crate::model::Lang;
use anyhow::{Context, Result};
use jiff::{Timestamp, ToSpan};
use std::process::ExitCode;

/// The most calls that are counted, the latest first.
const MAX_CALLS: u32 = 1_000_000;

/// `hotline graph`
pub(super) fn graph(arguments: &Arguments) -> Result<ExitCode> {
    let menu = load(&arguments.folders.config()?.menus)?;
    let graph = Graph::of(&menu, lang_of(arguments, &menu));
    let traffic = if arguments.traffic { Some(traffic(arguments, &menu, &graph)?) } else { None };
    let picture = match arguments.format {
        GraphFormat::Svg => svg(&graph, traffic.as_ref()),
        GraphFormat::Html => page(&svg(&graph, traffic.as_ref()), lang_of(arguments, &menu)),
        GraphFormat::Mermaid => mermaid(&graph, traffic.as_ref()),
        GraphFormat::Dot => dot(&graph, traffic.as_ref()),
    };
    match &arguments.output {
        Some(path) => std::fs::write(path, picture).with_context(|| format!("cannot write {}", path.display()))?,
        None => print!("{picture}"),
    }
    Ok(ExitCode::SUCCESS)
}

fn lang_of(arguments: &Arguments, menu: &Menu) -> Lang {
    let asked = arguments.lang.map(Lang::from);
    asked.or(menu.languages.first().copied()).unwrap_or_default()
}

/// The calls of the last days, counted.
fn traffic(arguments: &Arguments, menu: &Menu, graph: &Graph) -> Result<Traffic> {
    let now = Clock::start().now().wall;
    let since = now.checked_sub((i64::from(arguments.days) * 24).hours()).unwrap_or(Timestamp::MIN);
    with_store(&arguments.folders, |_, store| async move {
        let period = Period { since, until: Timestamp::MAX };
        if let Some(note) = removed_note(&store, period, &menu.bank.zone).await? {
            eprintln!("{note}");
        }
        let calls = store.calls(period, MAX_CALLS).await?;
        Ok(Traffic::of(graph, calls.iter().map(|history| history.records.as_slice())))
    })
}

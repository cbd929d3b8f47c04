//! The schema of the menus' tests.

use super::parts::{array, document, flag, form, number, object, text, word};
use serde_json::{Value as Json, json};

/// A length of time of a test.
fn length(description: &str, example: &str) -> Json {
    form(description, "^[0-9]+(ms|s|m|h)$", example)
}

/// Keys that are pressed.
fn pressed() -> Json {
    json!({
        "anyOf": [{"type": "integer", "minimum": 0}, {"type": "string", "pattern": "^[0-9*#A-Da-d]+$"}],
        "description": "Keys in a row; * and # stand for star and hash. Write more than one in quotation marks.",
        "examples": ["4321#"],
    })
}

pub(super) fn schema() -> Json {
    let test = object(
        "A test: a call and what must happen in it.",
        vec![
            ("name", text("What is tested.", "The balance after the telephone code")),
            ("call", call()),
            ("bank", bank()),
            ("queue", queue()),
            ("callbacks", callbacks()),
            ("switches", switches("Switches that are not as the menu has them.")),
            ("steps", array("What happens, one after the other.", &step())),
            ("never_hears", array("Phrases that are never heard.", &text("A phrase.", "card_blocked"))),
            ("never_in_log", array("Texts that are in no record, prompt or screen.", &text("A text.", "9876"))),
            (
                "service_calls",
                json!({
                    "type": "object",
                    "additionalProperties": {"type": "integer", "minimum": 0},
                    "description": "How often operations of the bank are asked.",
                    "examples": [{"block_card": 1}],
                }),
            ),
            ("screen", screen()),
        ],
        &[],
    );
    let body = object("", vec![("tests", array("The tests.", &test))], &["tests"]);
    document("Tests of a hotline's menu", "A file tests/*.test.yaml, run by `hotline test`.", body, Vec::new())
}

fn switches(description: &str) -> Json {
    json!({
        "type": "object",
        "additionalProperties": {"enum": ["enabled", "disabled", true, false]},
        "description": description,
        "examples": [{"card_outage": "enabled"}],
    })
}

fn callbacks() -> Json {
    word("Whether the bank takes orders to call back. Default accepted.", &["accepted", "refused"])
}

fn call() -> Json {
    object(
        "The call.",
        vec![
            ("line", text("The line that is called. Default: the first.", "main")),
            ("from", text("The calling number; write it in quotation marks. Default: hidden.", "+79161234567")),
            (
                "at",
                form(
                    "When, in the bank's zone. Default 2026-03-02 12:00, a Monday.",
                    "^[0-9]{4}-[0-9]{2}-[0-9]{2}[ T][0-9]{2}:[0-9]{2}(:[0-9]{2})?$",
                    "2026-03-02 12:00",
                ),
            ),
            ("blocked", flag("The number is on the list of those that go to an operator at once.")),
            ("slow_speech", flag("The caller wants longer pauses between options.")),
            ("profile", text("The profile of the calling number, from the menu's `profiles`.", "vip")),
            ("lang", word("The first language heard. Default: the menu's first.", &["ru", "en"])),
        ],
        &[],
    )
}

fn bank() -> Json {
    let answer = json!({
        "type": "object",
        "properties": {
            "result": text("The outcome.", "found"),
            "delay": json!({
                "anyOf": [{"const": "never"}, length("A time.", "3s")],
                "description": "How long the bank takes; never is no answer at all. Default 100ms.",
                "examples": ["3s"],
            }),
        },
        "description": "An answer: its outcome and fields.",
        "examples": [{"result": "ok", "available": "15230.50 RUB"}],
    });
    json!({
        "type": "object",
        "additionalProperties": {"anyOf": [answer, {"type": "array", "items": answer}]},
        "description": "What the bank answers: for each operation one answer, or several in turn.",
    })
}

fn queue() -> Json {
    object(
        "What a queue finds.",
        vec![
            ("operators", word("Whether operators are there. Default busy.", &["nobody", "busy"])),
            ("answers_after", length("An operator answers after this.", "10s")),
            ("position", number("The place in the queue. Default 1.", 0, 3)),
            ("wait", length("The estimated wait.", "4m")),
            ("samples", number("From how many calls it is estimated.", 0, 10)),
        ],
        &[],
    )
}

fn screen() -> Json {
    let words = |what: &str, example: &str| array(what, &text("", example));
    object(
        "What the operator sees at the end.",
        vec![
            ("level", word("The caller's level.", &["none", "recognised", "verified"])),
            ("path", words("Menus and tasks in this order; others may lie between.", "main")),
            ("notes", words("Notes.", "code_locked")),
        ],
        &[],
    )
}

fn step() -> Json {
    let single = |key: &str, schema: Json| object("", vec![(key, schema)], &[key]);
    let texts = json!({
        "type": "object",
        // In {ru: a, b} YAML takes b for a key without a value; the runner reads it as the rest of the sentence.
        "additionalProperties": {"type": ["string", "number", "null"]},
        "anyOf": [{"required": ["ru"]}, {"required": ["en"]}],
        "description": "Words that are heard, in a language.",
        "examples": [{"en": "Your available balance is one rouble"}],
    });
    json!({"anyOf": [
        single("hears", text("A phrase is heard.", "greeting")),
        single("hears_text", texts),
        single("press", pressed()),
        single("silence", length("The caller is silent this long after the prompt.", "6s")),
        single("wait", length("Time passes.", "20s")),
        single("at", text("The caller is at a menu or task.", "after_info")),
        single("language", word("The caller now hears this language.", &["ru", "en"])),
        single("in_queue", text("The caller waits in a queue.", "support")),
        single("call_ends", json!({"enum": ["by_system", "by_caller", true, null], "description": "The call is over."})),
        single("hangs_up", json!({"type": ["boolean", "string", "null"], "description": "The caller hangs up.", "examples": [true]})),
        single("level", word("The caller's level.", &["none", "recognised", "verified"])),
        single("operator", word("What the operator does.", &["answers", "hangs_up", "fails"])),
        single("queue", queue()),
        single("switches", switches("Switches change.")),
        single("bank", bank()),
        single("transferred", text("The caller is being handed to a target of the configuration.", "branch")),
        single("transfer", word("The transfer under way does not work.", &["fails"])),
        single("callbacks", callbacks()),
        single("queue_ends", word("How the queue ends.", &["timeout", "full", "nobody"])),
    ]})
}

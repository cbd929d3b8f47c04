//! The schema of menu files: the keys the decoder of menus knows, section by section.

use super::parts::{array, document, flag, form, keys, length, list, named, names, number, object, text, word};
use serde_json::{Value as Json, json};

/// What stands behind `go:` beside names.
const GO: &str = "A task, a menu, or operator, back, repeat, switch_language, return, hangup";

pub(super) fn schema() -> Json {
    let sections = vec![
        ("version", json!({"const": 1, "description": "The version of the language. Default 1."})),
        ("bank", bank()),
        ("languages", list("Languages of the callers; the first is the default.", &word("A language.", &["ru", "en"]))),
        ("lines", names("Called numbers and where their callers begin.", &line())),
        ("profiles", names("How callers are served whose numbers the bank knows.", &profile())),
        ("hours", names("Opening hours, in the zone of the bank.", &hours())),
        ("defaults", defaults()),
        ("switches", names("Switches of the duty officer.", &switch())),
        ("levels", levels()),
        ("tasks", names("Tasks: steps that always end.", &task())),
        ("menus", names("Menus of options.", &menu())),
        ("queues", names("Queues of callers who wait for an operator.", &queue())),
        ("phrases", names("What callers hear, in every language.", &phrase())),
        ("ladders", names("Ready phrases for ranges of a length of time.", &ladder())),
        ("services", names("The bank's operations, as the integrator declared them.", &service())),
    ];
    let body = object("", sections, &[]);
    document("Menu of a hotline", "A menu file; the files of a folder are read together.", body, definitions())
}

fn definitions() -> Vec<(&'static str, Json)> {
    let say = || text("A phrase.", "greeting");
    let go = || text(GO, "main");
    let action = object(
        "What follows: said, noted, granted, then where.",
        vec![
            ("say", say()),
            ("note", text("A fact for the operator and the audit.", "card_blocked")),
            ("grants", level("The level the caller has proven.")),
            ("again", text("Back to an entry of this task, counting its attempts.", "last4")),
            ("go", go()),
        ],
        &[],
    );
    let words = ["continue", "operator", "back", "repeat", "switch_language", "return", "hangup"];
    let reaction = object("Said, then where.", vec![("say", say()), ("go", go())], &[]);
    let reactions = |when: &str| array(when, &json!({"anyOf": [{"const": "repeat"}, reaction]}));
    vec![
        ("action", json!({"anyOf": [word("Where then.", &words), action]})),
        ("steps", json!({"anyOf": [{"type": "null"}, {"type": "array", "items": {"$ref": "#/definitions/step"}}]})),
        ("step", step()),
        ("keys", keys("Keys and where they lead.", &go())),
        (
            "trouble",
            object(
                "What silence and wrong keys lead to, attempt by attempt; the last entry leaves.",
                vec![
                    ("silence", reactions("On the first, second, … silence.")),
                    ("wrong", reactions("On the first, second, … wrong key.")),
                ],
                &[],
            ),
        ),
        (
            "listen",
            object(
                "How keys are listened for.",
                vec![
                    ("first_key", length("From the end of the audio to the first digit. Default 6s.", "6s")),
                    ("next_key", length("Between digits. Default 3s.", "3s")),
                    ("submit", key("The key that ends an entry. Default hash.")),
                    ("clear", key("The key that clears an entry. Default star.")),
                    ("barge_in", flag("A key cuts the prompt. Default true.")),
                    ("type_ahead", flag("Keys pressed ahead are kept. Default true.")),
                ],
                &[],
            ),
        ),
        ("type", value_type()),
        (
            "skills",
            object("Who is meant.", vec![("skills", list("Skills.", &text("A skill.", "support")))], &["skills"]),
        ),
    ]
}

fn level(description: &str) -> Json {
    word(description, &["none", "recognised", "verified"])
}

fn key(description: &str) -> Json {
    json!({
        "anyOf": [{"type": "integer", "minimum": 0, "maximum": 9}, {"type": "string", "pattern": "^([0-9]|star|hash)$"}],
        "description": description,
        "examples": ["hash"],
    })
}

/// A number of digits: `4` or `4-6`.
fn digits(description: &str, example: &str) -> Json {
    json!({
        "anyOf": [{"type": "integer", "minimum": 1, "maximum": 32}, {"type": "string", "pattern": "^ *[0-9]{1,2} *(- *[0-9]{1,2} *)?$"}],
        "description": description,
        "examples": [example],
    })
}

fn bank() -> Json {
    let name = |lang: &str| text(&format!("The name in language {lang}."), "Example Bank");
    let by_language = object("The name in each language.", vec![("ru", name("ru")), ("en", name("en"))], &[]);
    object(
        "Whose hotline.",
        vec![
            ("name", json!({"anyOf": [{"type": "string"}, by_language], "description": "The bank's name."})),
            ("timezone", text("The zone in which hours are written.", "Europe/Moscow")),
            ("currency", word("The currency of amounts without one. Default RUB.", &["RUB", "USD", "EUR", "CNY"])),
        ],
        &["name", "timezone"],
    )
}

fn line() -> Json {
    let phone = json!({"type": ["string", "number"], "examples": ["+74951234567"], "description": "A telephone number; write it in quotation marks."});
    object(
        "An entry point.",
        vec![
            ("numbers", list("The called numbers.", &phone)),
            ("start", text("Where the caller begins: a task or menu.", "welcome")),
        ],
        &["numbers", "start"],
    )
}

fn hours() -> Json {
    let day = "(mon|tue|wed|thu|fri|sat|sun|monday|tuesday|wednesday|thursday|friday|saturday|sunday|daily)";
    let time = "[0-9]{1,2}:[0-9]{2} *- *[0-9]{1,2}:[0-9]{2}";
    let weekly = format!("^ *{day}( *[-,] *{day})* +{time} *$");
    let date = "[0-9]{4}-[0-9]{2}-[0-9]{2}";
    let calendar = object(
        "Hours by a calendar: special wins over closed, closed over open.",
        vec![
            ("open", list("Days with hours.", &form("Days with hours.", &weekly, "mon-fri 08:00-22:00"))),
            (
                "closed",
                list(
                    "Dates and ranges without work.",
                    &form("A date or a range.", &format!("^{date}(\\.\\.{date})?$"), "2027-01-01..2027-01-08"),
                ),
            ),
            (
                "special",
                list(
                    "Days with hours of their own.",
                    &form("A day with hours.", &format!("^ *{date} +{time} *$"), "2026-12-31 08:00-16:00"),
                ),
            ),
        ],
        &["open"],
    );
    json!({"anyOf": [{"const": "always", "description": "Day and night."}, calendar]})
}

fn defaults() -> Json {
    object(
        "What every menu and question inherits.",
        vec![
            (
                "keys",
                named(
                    "keys",
                    "Keys that work in every menu. Default: 0 operator, star back, hash repeat, 9 switch_language.",
                ),
            ),
            ("listen", named("listen", "How keys are listened for.")),
            ("trouble", named("trouble", "What silence and wrong keys lead to.")),
            ("when_bank_is_down", named("action", "What follows when an operation gets no answer.")),
            (
                "call_limit",
                length("How long a caller may stay in menus before an operator is called. Default 15m.", "15m"),
            ),
        ],
        &[],
    )
}

fn switch() -> Json {
    object(
        "A switch, turned by `hotline switch`.",
        vec![
            ("say", text("What it announces.", "notice_card_outage")),
            ("default", word("Its state until somebody turns it. Default disabled.", &["disabled", "enabled"])),
        ],
        &[],
    )
}

fn levels() -> Json {
    let proven = object(
        "A level and the task that proves it.",
        vec![
            ("none", text("The task.", "none")),
            ("recognised", text("The task.", "find_card")),
            ("verified", text("The task.", "identify")),
        ],
        &[],
    );
    let mut proven = proven;
    proven["maxProperties"] = json!(1);
    list("Identity levels, rising.", &json!({"anyOf": [level("A level."), proven]}))
}

fn task() -> Json {
    object(
        "A task.",
        vec![
            ("title", text("For people.", "Balance")),
            (
                "needs",
                level("The level the caller must have before the first step; whoever has it not is asked to prove it."),
            ),
            ("operator", text("What operator means inside: a task or menu.", "operator_urgent")),
            ("steps", named("steps", "What happens, one after the other; every path ends.")),
        ],
        &["steps"],
    )
}

fn menu() -> Json {
    let option = object(
        "An option. The menu says: offer, press key.",
        vec![
            ("offer", text("The phrase of the offer.", "opt_balance")),
            ("go", text(GO, "balance")),
            ("if", text("Offered only if this holds.", "caller.level is verified")),
        ],
        &["offer", "go"],
    );
    object(
        "A menu of options.",
        vec![
            ("title", text("For people.", "Main menu")),
            ("intro", text("A phrase said on the first entry only.", "closed")),
            ("say", text("A recorded whole menu in place of the offers.", "main_menu")),
            ("options", keys("The options by their keys.", &option)),
            ("hint", text("A phrase said once a call, after the first menu that has one.", "nav_hint")),
            ("keys", named("keys", "Keys that are no options; they win over the global ones.")),
            ("back", text(GO, "repeat")),
            ("trouble", named("trouble", "Silence and wrong keys here.")),
            ("listen", named("listen", "How keys are listened for here.")),
        ],
        &["options"],
    )
}

fn phrase() -> Json {
    let other = object(
        "A text in another language's voice.",
        vec![("lang", word("The voice.", &["ru", "en"])), ("text", text("The text.", "For English, press nine."))],
        &["lang", "text"],
    );
    let text = json!({
        "anyOf": [{"type": ["string", "number"]}, other],
        "description": "The text. A value stands in braces: {card.last4|digits}.",
        "examples": ["Доступный остаток {money.available|money}."],
    });
    object("A phrase; the names of its recordings follow from its own.", vec![("ru", text.clone()), ("en", text)], &[])
}

fn ladder() -> Json {
    let step = object(
        "A range and its phrase.",
        vec![
            ("below", length("The range ends below this; the last step has none.", "90s")),
            ("ru", text("In Russian.", "около минуты")),
            ("en", text("In English.", "about a minute")),
        ],
        &[],
    );
    list("The ranges, rising.", &step)
}

fn service() -> Json {
    let words = list("Outcomes; down is always there.", &text("An outcome.", "found"));
    let lock = object(
        "When further tries are refused.",
        vec![("fails", number("Failures.", 1, 5)), ("within", length("Within this time.", "24h"))],
        &["fails", "within"],
    );
    object(
        "An operation of the bank.",
        vec![
            ("level", level("The level it needs.")),
            (
                "in",
                json!({"type": "object", "additionalProperties": {"$ref": "#/definitions/type"}, "description": "Its parameters with their types."}),
            ),
            ("out", named("type", "What a definite answer carries.")),
            ("results", words),
            ("bare", list("Outcomes that carry none of the fields under `out`.", &text("An outcome.", "empty"))),
            ("changes", flag("Whether it changes something: then the outcome unknown is possible. Default false.")),
            ("timeout", length("How long the caller waits. Default 5s.", "5s")),
            ("cache", length("How long an answer may be used again for other callers. Default: never.", "5m")),
            ("lock", lock),
        ],
        &["level", "results"],
    )
}

fn value_type() -> Json {
    let plain = ["digits", "phone", "number", "money", "date", "time", "duration", "word", "secret", "card", "text"];
    json!({"anyOf": [
        {"enum": plain},
        {"type": "object", "additionalProperties": {"$ref": "#/definitions/type"}},
        {"type": "array", "items": {"$ref": "#/definitions/type"}, "minItems": 1, "maxItems": 1},
    ]})
}

/// A step: exactly one verb, with what may stand beside it.
fn step() -> Json {
    let action = |when: &str| named("action", when);
    let say = |what: &str| text(what, "greeting");
    let outcomes = |of: &str| json!({"type": "object", "additionalProperties": {"$ref": "#/definitions/action"}, "description": of});
    let with = json!({"type": "object", "additionalProperties": {"type": ["string", "number", "boolean"]}, "description": "Parameters: where each value comes from.", "examples": [{"card": "card", "code": "answer.code"}]});
    let single = |verb: &str, schema: Json| object("", vec![(verb, schema)], &[verb]);
    let transfer = object(
        "A transfer.",
        vec![
            ("to", text("A target the configuration names.", "branch")),
            ("how", word("Default bridge.", &["bridge", "refer"])),
            ("failed", action("When it did not work.")),
        ],
        &["to", "failed"],
    );
    let split = json!({"type": "object", "additionalProperties": {"type": "integer", "minimum": 0}, "properties": {"by": word("Whether the same caller always gets the same branch. Default caller.", &["caller", "call"])}, "description": "Branches, each a target with its share.", "examples": [{"main": 50, "main_new": 50, "by": "caller"}]});
    json!({"anyOf": [
        word("A step of one word.", &["return", "hangup", "back", "repeat", "switch_language"]),
        single("say", say("Plays a phrase.")),
        single("say_all", say("Plays a phrase that no key cuts.")),
        single("ask", ask()),
        single("choose", choose()),
        single("confirm", confirm(&action("On 2: no."))),
        object("Calls an operation of the bank.", vec![
            ("do", text("The operation.", "bank.balance")),
            ("with", with),
            ("as", text("The name under which the answer is kept.", "money")),
            ("results", outcomes("What follows each outcome.")),
            ("once_per", json!({"const": "call", "description": "A repeat in the same call returns the first answer; needed where something changes."})),
        ], &["do"]),
        object("Goes one of two ways.", vec![
            ("if", text("The condition.", "hours.support is closed")),
            ("then", named("steps", "Steps when it holds.")),
            ("else", named("steps", "Steps when it does not.")),
        ], &["if"]),
        single("say_each", object("Reads a list.", vec![
            ("list", form("A list of a kept answer.", "^[^.]+\\..+$", "ops.items")),
            ("say", say("A phrase for one record, with {item.…}.")),
            ("limit", number("The most records read. Default 5.", 1, 5)),
        ], &["list", "say"])),
        single("go", text(GO, "main")),
        single("call", text("Runs a task and comes back.", "find_card")),
        object("Hands over to a queue.", vec![
            ("queue", text("The queue.", "support")),
            ("with", object("How the caller waits.", vec![
                ("priority", number("Head start, in seconds of waiting. Default 0.", 0, 100)),
                ("skills", list("Skills an operator must have besides the queue's.", &text("A skill.", "premium"))),
            ], &[])),
            ("results", object("What follows each end.", ["finished", "callback", "timeout", "nobody", "left"].map(|end| (end, action("What follows."))).into(), &[])),
        ], &["queue", "results"]),
        single("transfer", transfer),
        single("voicemail", object("Records a message.", vec![
            ("say", say("Said before the tone.")),
            ("box", text("The mailbox.", "support")),
            ("max", length("The longest message. Default 2m.", "2m")),
            ("stop", key("The key that ends it. Default hash.")),
            ("silence", length("Silence that ends it. Default 5s.", "5s")),
        ], &["say", "box"])),
        single("note", text("A fact for the operator and the audit.", "several_cards")),
        single("split", split),
        single("language", word("Switches to a language.", &["ru", "en"])),
    ]})
}

fn ask() -> Json {
    object(
        "Collects digits into answer.<name>.",
        vec![
            ("name", text("The name of the entry.", "last4")),
            ("say", text("The question.", "ask_last4")),
            ("digits", digits("How many: 4, or 4-6.", "4-6")),
            ("kind", word("What it holds. Default digits.", &["digits", "secret", "phone", "card", "date", "amount"])),
            ("from", text("The least amount in whole units, or the first date; today is the day of the call.", "100")),
            ("to", text("The greatest amount, or the last date.", "today")),
            ("help", text("Said instead of the question after silence or a wrong entry.", "last4_help")),
            ("attempts", number("How often the question may be put. Default 3.", 1, 3)),
            ("failed", named("action", "When the attempts are used up. Default: operator.")),
            ("listen", named("listen", "How keys are listened for here.")),
        ],
        &["name", "say"],
    )
}

fn choose() -> Json {
    let option = object(
        "A choice.",
        vec![("offer", text("The phrase of the offer.", "reason_lost")), ("value", text("The word it sets.", "lost"))],
        &["offer", "value"],
    );
    let mut choose = object(
        "Sets answer.<name> by one key.",
        vec![
            ("name", text("The name of the choice.", "reason")),
            ("say", text("The question.", "ask_reason")),
            ("options", keys("The choices by their keys.", &option)),
            ("digits", form("A range of keys in place of options.", "^ *[0-9] *- *[0-9] *$", "1-5")),
            ("keys", named("keys", "Keys that are no choices.")),
            ("silence", named("action", "In place of the trouble list's silence.")),
            ("trouble", named("trouble", "Silence and wrong keys here.")),
            ("listen", named("listen", "How keys are listened for here.")),
        ],
        &["name", "say"],
    );
    choose["oneOf"] = json!([{"required": ["options"]}, {"required": ["digits"]}]);
    choose
}

fn confirm(declined: &Json) -> Json {
    object(
        "Asks yes or no: 1 is yes, 2 is no.",
        vec![
            ("say", text("What is to be confirmed.", "confirm_block")),
            ("declined", declined.clone()),
            ("keys", named("keys", "Keys other than 1 and 2.")),
            ("trouble", named("trouble", "Silence and wrong keys here.")),
            ("listen", named("listen", "How keys are listened for here.")),
        ],
        &["say", "declined"],
    )
}

fn queue() -> Json {
    let any = |words: &[&str]| json!({"anyOf": [{"enum": words}, {"type": "string", "pattern": "^([0-9]+[smhd])+$"}], "description": "Whether the operator speaks the caller's language: preferred for a minute or for the time given, required, or any."});
    let overflow = object(
        "A widening.",
        vec![("after", length("After this wait.", "60s")), ("add", named("skills", "Also those with these skills."))],
        &["after", "add"],
    );
    object(
        "A queue.",
        vec![
            ("title", text("For people.", "First line")),
            ("members", named("skills", "Operators with any of these skills.")),
            ("match_language", any(&["preferred", "required", "any"])),
            (
                "pick",
                word(
                    "The next operator. Default longest_idle.",
                    &["longest_idle", "round_robin", "fewest_calls", "ring_all"],
                ),
            ),
            ("ring", length("How long a phone rings. Default 20s.", "20s")),
            (
                "no_answer",
                word(
                    "What becomes of an operator who does not answer. Default pause_operator.",
                    &["pause_operator", "next"],
                ),
            ),
            ("hours", text("When customers are called back; default: the hours of the queue's name.", "support")),
            ("wrap_up", length("Time after a call before the next. Default 30s.", "30s")),
            ("music", text("What is heard while waiting. Default hold_music.", "hold_music")),
            ("max_wait", length("The longest wait. Default 20m.", "20m")),
            ("max_waiting", number("The most who wait. Default 100.", 0, 100)),
            (
                "service_level",
                form("The share to be answered within a time.", "^ *[0-9]{1,3} *% in ([0-9]+[smhd])+ *$", "80% in 20s"),
            ),
            ("while_waiting", waiting()),
            ("callback", callback()),
            ("overflow", list("Who else may take the call after a time.", &overflow)),
            ("operator_hears", list("What the operator hears first.", &word("", &["who_verified", "reason"]))),
            ("screen", list("What the operator sees.", &text("A value.", "card.last4"))),
        ],
        &["members"],
    )
}

fn waiting() -> Json {
    let position = object(
        "The position.",
        vec![
            ("every", length("How often.", "60s")),
            ("say", text("For second place and below.", "queue_position")),
            ("next", text("For the first in the queue.", "queue_next")),
            ("only_if_improved", flag("Only when it is better than last said. Default true.")),
        ],
        &["every", "say"],
    );
    let wait = object(
        "The estimated wait.",
        vec![
            ("say", text("The phrase.", "queue_wait")),
            ("min_samples", number("How many finished calls it needs. Default 5.", 0, 5)),
        ],
        &["say"],
    );
    let tips = object(
        "Tips in turn.",
        vec![("every", length("How often.", "45s")), ("say", list("Phrases.", &text("A phrase.", "tip_app")))],
        &["every", "say"],
    );
    object(
        "What those who wait hear, and their keys.",
        vec![
            ("enter", text("Said on entering.", "queue_enter")),
            ("position", position),
            ("wait_time", wait),
            ("tips", tips),
            (
                "keys",
                keys(
                    "Keys while waiting: callback, leave (what follows is said at left of the step), or where they lead.",
                    &text(GO, "callback"),
                ),
            ),
        ],
        &[],
    )
}

fn profile() -> Json {
    object(
        "How a caller is served; no proof of who calls.",
        vec![
            ("priority", number("Head start in seconds, in every queue. Default 0.", 0, 120)),
            ("slow", flag("Longer pauses between phrases and options. Default false.")),
            ("lang", word("The first language heard.", &["ru", "en"])),
            ("start", text("Where the caller begins in place of the line's start.", "operator_premium")),
        ],
        &[],
    )
}

fn callback() -> Json {
    object(
        "The offer to call back.",
        vec![
            ("offer_after", length("Not before this wait. Default 1m.", "60s")),
            ("offer_if", text("Only if this holds.", "queue.wait > 3m")),
            ("say", text("The offer.", "callback_offer")),
            ("confirm_number", text("Confirms the calling number.", "callback_confirm")),
            ("other_number", text("Asks for another number.", "callback_ask_number")),
            (
                "numbers",
                list("Beginnings of numbers that may be called; default: as the bank's own lines.", &text("", "+7")),
            ),
            ("refused", text("Said when none can be ordered now.", "callback_refused")),
            ("keep_place", json!({"const": true, "description": "The place is always kept."})),
            ("attempts", number("How many times the bank calls. Default 3.", 0, 3)),
            ("retry", length("Between attempts. Default 15m.", "15m")),
            ("first", json!({"const": "operator", "description": "The operator is always reserved first."})),
            ("hello", text("Said to whoever answers.", "callback_hello")),
        ],
        &["say", "confirm_number", "other_number", "hello"],
    )
}

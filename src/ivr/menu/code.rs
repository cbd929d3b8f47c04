//! The one table of codes: what the checker can say, what it means, and what to do. The documentation is made of it.

use super::{Severity, Text};

macro_rules! codes {
    ($($code:ident: $en:literal, $ru:literal, $advice:literal, $advice_ru:literal;)*) => {
        /// What kind of problem it is.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Code {
            $(#[doc = $en] $code,)*
        }

        impl Code {
            /// Every code, in order.
            pub const ALL: &'static [Self] = &[$(Self::$code,)*];

            /// The code as written.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$code => stringify!($code),)* }
            }

            /// What it means.
            #[must_use]
            pub fn meaning(self) -> Text {
                match self { $(Self::$code => Text::new($en, $ru),)* }
            }

            /// What to do about it.
            #[must_use]
            pub fn advice(self) -> Text {
                match self { $(Self::$code => Text::new($advice, $advice_ru),)* }
            }
        }
    };
}

codes! {
    E01: "Unknown target", "Неизвестная цель перехода",
        "Write the name of a task, menu or phrase that exists.", "Укажите имя существующего сценария, меню или фразы.";
    E02: "Written twice", "Записано дважды",
        "Keep one of the two and rename or delete the other.", "Оставьте одно из двух, другое переименуйте или удалите.";
    E03: "A path without an end", "Путь без завершения",
        "End every path with go, queue, voicemail, return or hangup.", "Завершите путь: go, queue, voicemail, return или hangup.";
    E04: "Nobody can get here", "Сюда никто не попадёт",
        "Link it from an option or a step, or delete it.", "Сошлитесь на узел из пункта меню или шага либо удалите его.";
    E05: "A circle without caller input", "Круг без участия клиента",
        "Put a menu or a question into the circle, or break it.", "Добавьте в круг меню или вопрос либо разорвите его.";
    E06: "The operator cannot be reached", "До оператора не добраться",
        "Keep key 0 leading to the operator or give it another target on purpose.", "Оставьте клавишу 0 оператору или явно дайте ей другую цель.";
    E07: "Phrase missing in a language", "Нет фразы на одном из языков",
        "Write the phrase in every language of `languages`.", "Напишите фразу на каждом языке из `languages`.";
    E08: "Value unknown, of the wrong type or not there yet", "Значение неизвестно, не того типа или ещё не получено",
        "Use a value that every path before this point has set.", "Используйте значение, которое получено на каждом пути до этого места.";
    E09: "An outcome is not handled", "Не обработан исход",
        "Add the outcome under `results`.", "Добавьте исход в `results`.";
    E10: "The caller is not identified well enough", "Клиент опознан недостаточно",
        "Add `needs:` to the task.", "Добавьте `needs:` в сценарий.";
    E11: "A secret would leak", "Утечка секрета",
        "Pass a secret only to a parameter the service declares `secret`.", "Передавайте секрет только в параметр, объявленный `secret`.";
    E12: "A change without `once_per`", "Изменение без once_per",
        "Add `once_per: call`.", "Добавьте `once_per: call`.";
    E13: "The trouble list does not leave", "Список trouble не выводит из меню",
        "End the list with an entry that has `go`.", "Завершите список элементом с `go`.";
    E14: "Keys are ambiguous", "Клавиши неоднозначны",
        "Give every key one meaning; an option is one key.", "У клавиши должно быть одно значение; пункт меню — одна клавиша.";
    E15: "Unknown queue, hours, switch, service or ladder", "Неизвестная очередь, часы, рубильник, сервис или лесенка",
        "Write the name of one that exists.", "Укажите имя существующего.";
    E16: "Not a time, date, number or phone", "Не время, не дата, не число и не телефон",
        "Write 90s, 15m, 2h, 08:00-22:00, 2027-05-09 or +74951234567.", "Пишите 90s, 15m, 2h, 08:00-22:00, 2027-05-09 или +74951234567.";
    E17: "The file cannot be read as YAML", "Файл не читается как YAML",
        "Compare with the lines above; long texts go to the next line after `>-`.", "Сравните со строками выше; длинный текст пишут с новой строки после `>-`.";
    E18: "Unknown word", "Неизвестное слово",
        "Use one of the words listed.", "Используйте одно из перечисленных слов.";
    E19: "Something is missing or of the wrong shape", "Чего-то не хватает или оно не того вида",
        "Write it in the form the message shows.", "Запишите в том виде, который указан в сообщении.";
    W01: "More than four options", "Больше четырёх пунктов",
        "Split the menu: callers forget more than four.", "Разделите меню: больше четырёх не запомнить.";
    W02: "A gap in the numbering", "Пропуск в нумерации",
        "Number the options 1, 2, 3 … without gaps: callers count along.", "Нумеруйте пункты 1, 2, 3 … без пропусков: клиент считает на слух.";
    W03: "Menu longer than 25 seconds", "Меню длиннее 25 секунд",
        "Shorten the offers or split the menu.", "Сократите тексты или разделите меню.";
    W04: "More than three menus deep", "Глубже трёх меню",
        "Bring the menu nearer to the first one.", "Поднимите меню ближе к началу.";
    W05: "Recording missing", "Нет записи",
        "Record it; until then a draft voice says it.", "Запишите фразу; до тех пор её произносит черновой голос.";
    W06: "The text has changed since it was recorded", "Текст изменился после записи",
        "Record it again; until then callers hear the old words.", "Запишите заново; до тех пор звучат старые слова.";
    W07: "A phrase of fraudsters", "Фраза мошенников",
        "Say it otherwise: the Bank of Russia teaches clients to hang up here.", "Скажите иначе: на этих словах клиентов учат класть трубку.";
    W08: "“Press” and “enter” mixed up", "Перепутаны «нажмите» и «введите»",
        "Write only what the option is for: `For your balance`.", "Пишите только, для чего пункт: `Чтобы узнать баланс`.";
    W09: "Calendar without holidays", "Календарь без праздников",
        "Add the days off: `closed: [2027-01-01..2027-01-08, 2027-05-09]`.", "Добавьте нерабочие дни: `closed: [2027-01-01..2027-01-08, 2027-05-09]`.";
    W10: "A recording that sounds wrong", "Запись звучит неправильно",
        "Bring it in by `hotline prompts import DIR`, which sets level, silence and format.", "Добавьте её через `hotline prompts import DIR`: уровень, тишина и формат будут верны.";
    W11: "A change whose answer may be lost is treated as bank down", "Потерянный ответ на изменение обработан как сбой банка",
        "Add `unknown:` under `results`.", "Добавьте `unknown:` в `results`.";
    W12: "A value in the wrong grammatical case", "Значение не в том падеже",
        "Say it in the genitive: the format that ends in `_gen`.", "Нужен родительный падеж: формат с окончанием `_gen`.";
    W13: "A silent caller goes round for ever", "Молчащий клиент ходит по кругу",
        "Lead the last silence to a queue or to an end.", "Пусть последнее молчание ведёт в очередь или к завершению.";
}

impl Code {
    /// Errors refuse the menu; an unreachable node is only a warning.
    #[must_use]
    pub fn severity(self) -> Severity {
        if self == Self::E04 || self >= Self::W01 { Severity::Warning } else { Severity::Error }
    }

    /// The table of all codes in Markdown, for the documentation.
    #[must_use]
    pub fn markdown(lang: crate::model::Lang) -> String {
        let mut table = String::from("| Code | Meaning | Advice |\n|---|---|---|\n");
        for code in Self::ALL {
            let (meaning, advice) = (code.meaning(), code.advice());
            let row = [code.name(), meaning.get(lang), advice.get(lang)];
            table.push_str("| ");
            table.push_str(&row.join(" | "));
            table.push_str(" |\n");
        }
        table
    }
}

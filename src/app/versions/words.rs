//! The words of `apply` and `rollback`, in both languages.

use crate::io::store::VersionNumber;
use crate::model::Lang;
use std::fmt::Display;
use std::path::Path;
use std::time::Duration;

/// The words in one language.
#[derive(Clone, Copy)]
pub(super) struct Words(pub Lang);

impl Words {
    pub fn not_applied(self, folder: &Path, short: &str, text: &str) -> String {
        let folder = folder.display();
        match self.0 {
            Lang::En => format!("{folder} is not applied: {short}\n\n{text}\nwhat is active stays"),
            Lang::Ru => format!("{folder} не применена: {short}\n\n{text}\nвсё остаётся как было"),
        }
    }

    pub fn nothing_changed(self) -> &'static str {
        self.0.pick("nothing was changed", "ничего не изменилось")
    }

    pub fn apply(self) -> &'static str {
        self.0.pick("Apply? [y/N]", "Применить? [д/Н]")
    }

    pub fn go_back(self) -> &'static str {
        self.0.pick("Go back? [y/N]", "Вернуться? [д/Н]")
    }

    pub fn is_active(self, number: VersionNumber) -> String {
        match self.0 {
            Lang::En => format!("version {number} is active"),
            Lang::Ru => format!("действует версия {number}"),
        }
    }

    pub fn was_active(self, number: VersionNumber) -> String {
        match self.0 {
            Lang::En => format!("version {number} was active already; its prompts are read anew"),
            Lang::Ru => format!("версия {number} уже действует; её записи читаются заново"),
        }
    }

    pub fn never_active(self) -> &'static str {
        self.0.pick(
            "no version was ever active; `hotline apply` makes the first",
            "ни одна версия ещё не действовала; первую сделает `hotline apply`",
        )
    }

    pub fn none_before(self, number: VersionNumber) -> String {
        match self.0 {
            Lang::En => format!("no version was active before {number}; name one of `hotline versions`"),
            Lang::Ru => format!("до версии {number} другие не действовали; назовите одну из `hotline versions`"),
        }
    }

    pub fn active_already(self, number: VersionNumber) -> String {
        match self.0 {
            Lang::En => format!("version {number} is active already"),
            Lang::Ru => format!("версия {number} уже действует"),
        }
    }

    pub fn back(self, from: VersionNumber, to: VersionNumber) -> String {
        match self.0 {
            Lang::En => format!("from version {from} back to version {to}"),
            Lang::Ru => format!("с версии {from} назад к версии {to}"),
        }
    }

    pub fn folder_differs(self, folder: &Path, to: VersionNumber) -> String {
        let folder = folder.display();
        match self.0 {
            Lang::En => {
                format!(
                    "{folder} still holds other files: `hotline versions {to} --to DIR` writes those of version {to}"
                )
            }
            Lang::Ru => format!(
                "в {folder} по-прежнему другие файлы: файлы версии {to} запишет `hotline versions {to} --to ПАПКА`"
            ),
        }
    }

    pub fn somebody_was_faster(self) -> &'static str {
        self.0.pick("somebody else was faster; look again", "кто-то вас опередил; посмотрите ещё раз")
    }

    pub fn incomparable(self, number: VersionNumber) -> String {
        match self.0 {
            Lang::En => format!("version {number} cannot be compared: this hotline does not read it any more"),
            Lang::Ru => format!("с версией {number} не сравнить: эта hotline её уже не читает"),
        }
    }

    pub fn no_difference(self, number: VersionNumber) -> String {
        match self.0 {
            Lang::En => format!("callers notice no difference from version {number}"),
            Lang::Ru => format!("звонящие не заметят отличий от версии {number}"),
        }
    }

    pub fn no_server(self, data: &Path) -> String {
        let data = data.display();
        match self.0 {
            Lang::En => format!("no server runs on {data}; the next start takes it"),
            Lang::Ru => format!("сервер с данными в {data} не запущен; версию возьмёт следующий запуск"),
        }
    }

    pub fn taken(self) -> &'static str {
        self.0.pick(
            "the server has taken it: new calls hear it, calls in progress keep theirs",
            "сервер её взял: её слышат новые звонки, начатые заканчиваются так, как начались",
        )
    }

    pub fn refused(self, number: VersionNumber, problem: &str, stays: VersionNumber) -> String {
        match self.0 {
            Lang::En => format!("the server refused version {number}: {problem}\nversion {stays} stays"),
            Lang::Ru => format!("сервер не взял версию {number}: {problem}\nостаётся версия {stays}"),
        }
    }

    pub fn not_taken(self, number: VersionNumber, patience: Duration) -> String {
        let seconds = patience.as_secs();
        match self.0 {
            Lang::En => format!("the server has not taken version {number} within {seconds} s; see its log"),
            Lang::Ru => format!("сервер не взял версию {number} за {seconds} с; посмотрите его журнал"),
        }
    }

    pub fn terminal_gone(self) -> &'static str {
        self.0.pick("the terminal is gone", "терминала больше нет")
    }

    pub fn no_keyboard(self) -> &'static str {
        self.0.pick("the keyboard cannot be read", "клавиатура не читается")
    }

    pub fn summary(self, files: usize, warnings: usize, tests: Option<usize>) -> String {
        match (self.0, tests) {
            (Lang::En, Some(tests)) => {
                format!("files: {files}, warnings: {warnings}, tests passed: {tests}; every prompt is there")
            }
            (Lang::En, None) => format!("files: {files}, warnings: {warnings}, no tests; every prompt is there"),
            (Lang::Ru, Some(tests)) => {
                format!("файлов: {files}, предупреждений: {warnings}, тестов прошло: {tests}; все записи на месте")
            }
            (Lang::Ru, None) => format!("файлов: {files}, предупреждений: {warnings}, тестов нет; все записи на месте"),
        }
    }

    pub fn errors(self, count: usize) -> String {
        match self.0 {
            Lang::En => format!("{count} errors"),
            Lang::Ru => format!("ошибок: {count}"),
        }
    }

    pub fn warnings(self, count: usize) -> String {
        match self.0 {
            Lang::En => format!("{count} warnings"),
            Lang::Ru => format!("предупреждений: {count}"),
        }
    }

    pub fn tests_fail(self, count: usize) -> String {
        match self.0 {
            Lang::En => format!("{count} tests fail"),
            Lang::Ru => format!("тестов не прошло: {count}"),
        }
    }

    pub fn failed_test(self, name: &str, place: impl Display, said: &str) -> String {
        format!("{}  {name}\n      {place}: {said}\n", self.0.pick("FAIL", "НЕ ПРОШЁЛ"))
    }

    pub fn folder_unreadable(self) -> &'static str {
        self.0.pick("the folder cannot be read", "папка не читается")
    }

    pub fn misfit(self) -> &'static str {
        self.0.pick("it does not suit the configuration", "она не подходит к конфигурации")
    }

    pub fn no_manifest(self) -> &'static str {
        self.0.pick("the manifest of the prompts cannot be read", "список записей не читается")
    }

    pub fn tests_unreadable(self) -> &'static str {
        self.0.pick("its tests cannot be read", "её тесты не читаются")
    }

    pub fn prompts_missing(self) -> &'static str {
        self.0.pick("prompts are missing", "не хватает записей")
    }
}

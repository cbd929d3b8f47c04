//! The words of `hotline test`, in both languages.

use crate::model::Lang;
use std::path::Path;

/// The words in one language.
#[derive(Clone, Copy)]
pub(super) struct Words(pub Lang);

impl Words {
    /// The verdict on a test that passed; both verdicts are followed by the name in one column.
    pub fn passed(self) -> &'static str {
        self.0.pick("ok    ", "прошёл     ")
    }

    /// The verdict on one that failed.
    pub fn failed(self) -> &'static str {
        self.0.pick("FAIL  ", "НЕ ПРОШЁЛ  ")
    }

    /// Seconds.
    pub fn seconds(self) -> &'static str {
        self.0.pick("s", "с")
    }

    /// Before what was expected, before what was found, before where the caller is; one width each.
    pub fn labels(self) -> [&'static str; 3] {
        match self.0 {
            Lang::En => ["expected", "found   ", "caller  "],
            Lang::Ru => ["ожидалось", "оказалось", "клиент   "],
        }
    }

    pub fn summary(self, passed: usize, failed: usize) -> String {
        match self.0 {
            Lang::En => format!("{passed} passed, {failed} failed"),
            Lang::Ru => format!("прошло: {passed}, не прошло: {failed}"),
        }
    }

    pub fn coverage(self, covered: usize, total: usize) -> String {
        match self.0 {
            Lang::En => {
                format!("coverage: {covered} of {total} nodes, options, outcomes, trouble steps and results of queues")
            }
            Lang::Ru => format!(
                "тесты дошли до {covered} из {total}: меню, сценарии, пункты, исходы банка и очередей, \
                 ответы на тишину и неверные клавиши"
            ),
        }
    }

    pub fn not_covered(self) -> &'static str {
        self.0.pick("not covered", "не дошли")
    }

    pub fn watched(self, folder: &Path) -> String {
        let folder = folder.display();
        match self.0 {
            Lang::En => format!("── {folder} is watched; Ctrl+C ends ──"),
            Lang::Ru => format!("── слежу за {folder}; Ctrl+C — закончить ──"),
        }
    }

    pub fn cannot_watch(self, folder: &Path) -> String {
        let folder = folder.display();
        match self.0 {
            Lang::En => format!("{folder} cannot be watched"),
            Lang::Ru => format!("за {folder} не удаётся следить"),
        }
    }

    pub fn cannot_read(self, file: &Path) -> String {
        let file = file.display();
        match self.0 {
            Lang::En => format!("{file} cannot be read"),
            Lang::Ru => format!("{file} не читается"),
        }
    }

    pub fn cannot_write(self, file: &Path) -> String {
        let file = file.display();
        match self.0 {
            Lang::En => format!("{file} cannot be written"),
            Lang::Ru => format!("{file} не записать"),
        }
    }

    pub fn no_folder(self, folder: &Path) -> String {
        let folder = folder.display();
        match self.0 {
            Lang::En => format!("the folder {folder} cannot be read; tests of a menu lie in it"),
            Lang::Ru => format!("папка {folder} не читается; в ней лежат тесты меню"),
        }
    }

    pub fn no_tests(self, folder: &Path) -> String {
        let folder = folder.display();
        match self.0 {
            Lang::En => format!("{folder} holds no *.test.yaml; docs/menus.md shows how to write one"),
            Lang::Ru => format!("в {folder} нет ни одного *.test.yaml; как написать тест, показывает docs/menus.ru.md"),
        }
    }
}

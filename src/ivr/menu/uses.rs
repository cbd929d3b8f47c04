//! Where phrases are used.

use super::{Action, Menu, MenuNode, PhraseId, Queue, Step, Task, Trouble};
use crate::model::Digit;

/// A part of the menu that says phrases.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scene {
    /// The name of the task, menu or queue; empty for what is said anywhere.
    pub name: String,
    /// Its title.
    pub title: String,
    /// What it says, in the order it is written.
    pub phrases: Vec<PhraseId>,
    /// What it says as an option, with the key.
    pub offers: Vec<(PhraseId, Digit)>,
}

/// Every task, menu and queue with its phrases; the last scene has those that none of them names.
#[must_use]
pub fn scenes(menu: &Menu) -> Vec<Scene> {
    let mut scenes: Vec<Scene> = menu.menus.iter().map(of_menu).collect();
    scenes.extend(menu.tasks.iter().map(of_task));
    scenes.extend(menu.queues.iter().map(of_queue));
    let mut rest = Scene::new("", "");
    for index in (0..menu.phrases.len()).filter_map(|index| u16::try_from(index).ok()) {
        let id = PhraseId(index);
        let used = |scene: &Scene| scene.phrases.contains(&id) || scene.offers.iter().any(|(offer, _)| *offer == id);
        if !scenes.iter().any(used) {
            rest.phrases.push(id);
        }
    }
    scenes.push(rest);
    scenes
}

fn of_menu(node: &MenuNode) -> Scene {
    let mut scene = Scene::new(&node.name, &node.title);
    scene.say(node.intro);
    scene.say(node.say);
    scene.offers.extend(node.options.iter().map(|option| (option.offer, option.digit)));
    scene.say(node.hint);
    scene.trouble(&node.trouble.value);
    scene
}

fn of_task(task: &Task) -> Scene {
    let mut scene = Scene::new(&task.name, &task.title);
    task.steps.iter().for_each(|node| scene.step(&node.step));
    scene
}

fn of_queue(queue: &Queue) -> Scene {
    let mut scene = Scene::new(&queue.name, &queue.title);
    let waiting = &queue.waiting;
    scene.say(waiting.enter);
    if let Some(position) = &waiting.position {
        scene.say(Some(position.say));
        scene.say(position.next);
    }
    scene.say(waiting.wait_time.as_ref().map(|(phrase, _)| *phrase));
    if let Some((_, tips)) = &waiting.tips {
        for tip in tips {
            scene.say(Some(*tip));
        }
    }
    if let Some(callback) = &queue.callback {
        let said = [callback.say, callback.confirm_number, callback.other_number, callback.hello];
        for phrase in said {
            scene.say(Some(phrase));
        }
    }
    scene
}

impl Scene {
    fn new(name: &str, title: &str) -> Self {
        Self { name: name.to_owned(), title: title.to_owned(), phrases: Vec::new(), offers: Vec::new() }
    }

    fn say(&mut self, phrase: Option<PhraseId>) {
        self.phrases.extend(phrase.filter(|phrase| !self.phrases.contains(phrase)));
    }

    fn trouble(&mut self, trouble: &Trouble) {
        trouble.silence.iter().chain(&trouble.wrong).for_each(|reaction| self.say(reaction.say));
    }

    fn action(&mut self, action: &Action) {
        self.say(action.say);
    }

    fn step(&mut self, step: &Step) {
        match step {
            Step::Say { phrase, .. } => self.say(Some(*phrase)),
            Step::Ask(ask) => {
                self.say(Some(ask.say));
                self.say(ask.help);
                self.action(&ask.failed);
            }
            Step::Choose(choose) => {
                self.say(Some(choose.say));
                let offers = choose.options.iter().filter_map(|option| Some((option.offer?, option.digit)));
                self.offers.extend(offers);
                choose.silence.iter().for_each(|action| self.action(action));
                self.trouble(&choose.trouble.value);
            }
            Step::Confirm(confirm) => {
                self.say(Some(confirm.say));
                self.action(&confirm.declined);
                self.trouble(&confirm.trouble.value);
            }
            Step::Do(operation) => operation.outcomes.iter().for_each(|(_, action)| self.action(&action.value)),
            Step::Queue(queue) => queue.results.iter().for_each(|(_, action)| self.action(action)),
            Step::Transfer(transfer) => self.action(&transfer.failed),
            Step::Voicemail(voicemail) => self.say(Some(voicemail.say)),
            Step::SayEach(each) => self.say(Some(each.say)),
            Step::If { .. } | Step::Go(_) | Step::Call(_) | Step::Note(_) | Step::Split(_) | Step::Language(_) => {}
        }
    }
}

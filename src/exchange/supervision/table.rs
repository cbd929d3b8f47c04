//! Finds supervisors' calls by what is at hand, without a look at all of them: a conversation that ends must not cost
//! more because many others are followed.

use super::{Stage, Supervision};
use crate::model::{CallId, OperatorId};
use crate::voip::media::StreamId;
use std::collections::HashMap;

/// Supervisors' calls, by the stream of the phone: one of a supervisor, and one in a conversation.
#[derive(Default)]
pub(in crate::exchange) struct Supervisions {
    all: HashMap<StreamId, Supervision>,
    of_supervisor: HashMap<OperatorId, StreamId>,
    in_call: HashMap<CallId, StreamId>,
    /// Who has which login on the keys of a telephone; nobody where it is several.
    on_keys: HashMap<String, Option<OperatorId>>,
}

impl Supervisions {
    pub fn insert(&mut self, stream: StreamId, supervision: Supervision) {
        self.of_supervisor.insert(supervision.by.clone(), stream);
        if let Stage::Following(following) = &supervision.stage {
            self.in_call.insert(following.call, stream);
        }
        self.all.insert(stream, supervision);
    }

    pub fn remove(&mut self, stream: StreamId) -> Option<Supervision> {
        let supervision = self.all.remove(&stream)?;
        self.of_supervisor.remove(&supervision.by);
        if let Stage::Following(following) = &supervision.stage {
            self.in_call.remove(&following.call);
        }
        Some(supervision)
    }

    pub fn get(&self, stream: StreamId) -> Option<&Supervision> {
        self.all.get(&stream)
    }

    /// To change anything but who supervises whom in which call.
    pub fn get_mut(&mut self, stream: StreamId) -> Option<&mut Supervision> {
        self.all.get_mut(&stream)
    }

    /// Whether a supervisor has a call.
    pub fn has(&self, supervisor: &OperatorId) -> bool {
        self.of_supervisor.contains_key(supervisor)
    }

    /// The stream of the supervisor who follows a call.
    pub fn following(&self, call: CallId) -> Option<StreamId> {
        self.in_call.get(&call).copied()
    }

    pub fn len(&self) -> usize {
        self.all.len()
    }

    pub fn iter(&self) -> impl Iterator<Item = (StreamId, &Supervision)> {
        self.all.iter().map(|(stream, supervision)| (*stream, supervision))
    }

    /// Takes the logins that there are.
    pub fn set_logins<'a>(&mut self, logins: impl Iterator<Item = &'a OperatorId>) {
        self.on_keys.clear();
        for login in logins {
            let alike = self.on_keys.entry(on_keys(login.as_str())).or_insert_with(|| Some(login.clone()));
            if alike.as_ref() != Some(login) {
                *alike = None;
            }
        }
    }

    /// Whose login was dialled on keys without letters; nobody's when it fits several.
    pub fn login_on_keys(&self, dialled: &str) -> Option<&OperatorId> {
        self.on_keys.get(dialled).and_then(Option::as_ref)
    }
}

/// A login on the keys of a telephone (ITU-T E.161): `anna` is 2662. What stands on no key is left out.
fn on_keys(login: &str) -> String {
    let key = |letter: char| match letter {
        'a'..='c' => Some('2'),
        'd'..='f' => Some('3'),
        'g'..='i' => Some('4'),
        'j'..='l' => Some('5'),
        'm'..='o' => Some('6'),
        'p'..='s' => Some('7'),
        't'..='v' => Some('8'),
        'w'..='z' => Some('9'),
        '0'..='9' => Some(letter),
        _ => None,
    };
    login.chars().filter_map(key).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_login_is_dialled_on_keys_that_have_no_letters() {
        for (login, keys) in [("anna", "2662"), ("o.petrov-2", "67387682"), ("101", "101"), ("wxyz", "9999")] {
            assert_eq!(on_keys(login), keys, "{login}");
        }
        let logins = ["anna", "boris", "bnna", "wxyz"].map(OperatorId::new);
        let mut table = Supervisions::default();
        table.set_logins(logins.iter());
        assert_eq!(table.login_on_keys("26747"), Some(&logins[1]));
        assert_eq!(table.login_on_keys("2662"), None, "anna's and bnna's");
        assert_eq!(table.login_on_keys("1"), None);
    }
}

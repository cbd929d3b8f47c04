//! A disk that is full in the middle of a conversation. The largest file a process may write stands for it: a child of
//! the test has 64 kB, four seconds.

use super::tests::{outputs, piece};
use super::*;
use std::process::Command;

/// Set in the child.
const INSIDE: &str = "HOTLINE_TEST_OF_SMALL_FILES";

#[test]
fn a_disk_that_fills_up_ends_the_conversations_file_and_nothing_else() {
    if std::env::var_os(INSIDE).is_some() {
        talk_of_ten_seconds();
        return;
    }
    let program = std::env::current_exe().expect("this test");
    let name = "io::media::recordings::full_disk::a_disk_that_fills_up_ends_the_conversations_file_and_nothing_else";
    let output = Command::new("bash")
        .args(["-c", "trap '' XFSZ; ulimit -f 64; exec \"$0\" \"$@\""])
        .arg(program)
        .args(["--exact", name])
        .env(INSIDE, "yes")
        .output()
        .expect("run");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.contains("1 passed"), "{said}");
}

/// The conversation fails once and leaves no file; the message beside it is whole.
fn talk_of_ten_seconds() {
    let folder = tempfile::tempdir().expect("a folder");
    let of = |track| {
        let samples = vec![9; 1_600].into();
        Entry::Piece(Recorded { recording: RecordingId(1), track, rate: Rate::Narrow, samples })
    };
    let mut entries = vec![piece(2, 5)];
    entries.extend((0..50).flat_map(|_| [of(Track::Left), of(Track::Right)]));
    entries.extend([piece(2, 6), Entry::End(RecordingId(1)), Entry::End(RecordingId(2))]);
    let told = outputs(folder.path(), entries);
    let [
        MediaOutput::RecordingFailed { recording: failed, .. },
        MediaOutput::RecordingStored { recording, file, length },
    ] = &told[..]
    else {
        panic!("{told:?}")
    };
    assert_eq!((*failed, *recording, *length), (RecordingId(1), RecordingId(2), Duration::from_millis(400)));
    assert!(folder.path().join(file).exists());
    assert_eq!(fs::read_dir(folder.path().join(CONVERSATIONS)).expect("listed").count(), 0, "no half of it is left");
}

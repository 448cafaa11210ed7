//! Runs complete command lines in this process, with a home directory in memory.

use std::ffi::OsString;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use tempfile::TempDir;
use wxbox::clock::Timestamp;
use wxbox::store::{CachedTemplate, Store, TemplateKind, TemplateList};
use wxbox::ui::Ui;

/// The recipient of all messages.
pub const OPENID: &str = "oLuffy_wears_the_straw_hat_1";

/// A home directory with a config file and an empty database.
pub struct TestHome {
    dir: TempDir,
}

/// The output of a run.
#[derive(Debug)]
pub struct RunOutput {
    pub status: u8,
    pub stdout: String,
    pub stderr: String,
}

impl TestHome {
    pub fn new() -> Self {
        let memory = Some(Path::new("/dev/shm")).filter(|path| path.is_dir());
        let dir = memory.map_or_else(tempfile::tempdir, tempfile::tempdir_in).unwrap();
        let config = "app_id = \"wx1\"\n[templates.t]\nid = \"T-1\"\n[templates.t.data]\nhost = { value = \"db1\", color = \"#173177\" }\n";
        std::fs::write(dir.path().join("config.toml"), config).unwrap();
        let home = Self { dir };
        let mut store = Store::open(&home.path("wxbox.db")).unwrap();
        let template = |id: &str, content: &str| CachedTemplate {
            template_id: id.into(),
            title: id.into(),
            content: content.into(),
        };
        let list = [
            template("T-1", "{{first.DATA}}\nHost: {{host.DATA}}\nNote: {{note.DATA}}\n{{remark.DATA}}"),
            template(
                "T-2",
                "{{thing1.DATA}} {{time2.DATA}} {{amount3.DATA}} {{character_string4.DATA}} {{phone_number5.DATA}}",
            ),
        ];
        let list = TemplateList { kind: TemplateKind::Template, templates: list.into(), fetched_at: Timestamp::now() };
        store.save_templates("wx1", &list).unwrap();
        home
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Writes a file in the home directory.
    pub fn write_file(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, bytes).unwrap();
        path
    }

    /// Runs a command line with the database of this name.
    pub fn run(&self, database: &str, words: impl IntoIterator<Item = OsString>) -> RunOutput {
        let (out, err) = (SharedBuffer::default(), SharedBuffer::default());
        let words = words.into_iter();
        let global = [
            "wxbox".into(),
            "-c".into(),
            self.path("config.toml").into(),
            "--database".into(),
            self.path(database).into(),
        ];
        let status = wxbox::run(global.into_iter().chain(words), &mut Ui::new(out.clone(), err.clone())).code();
        let ran = RunOutput { status, stdout: out.text(), stderr: err.text() };
        let is_control = |c: char| c.is_control() && c != '\n' && c != '\t';
        assert!(!ran.stderr.contains(is_control), "{:?}", ran.stderr);
        ran
    }
}

#[derive(Clone, Default)]
struct SharedBuffer(Arc<Mutex<Vec<u8>>>);

impl SharedBuffer {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).expect("output is UTF-8")
    }
}

impl Write for SharedBuffer {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Fails if the body of a message contains text that WeChat rejects: control characters, which JSON
/// can only contain as `\u` escapes.
pub fn assert_body_valid(line: &str) {
    let body: serde_json::Value = serde_json::from_str(line).expect("a body is JSON");
    assert_eq!(body["touser"], OPENID);
    assert_texts_valid(&body);
}

fn assert_texts_valid(value: &serde_json::Value) {
    use serde_json::Value::{Array, Object, String};
    let assert_text =
        |text: &str| assert!(!text.contains(|c: char| c.is_control() && c != '\n' && c != '\t'), "{text:?}");
    match value {
        String(text) => assert_text(text),
        Array(list) => list.iter().for_each(assert_texts_valid),
        Object(fields) => fields.iter().for_each(|(name, value)| {
            assert_text(name);
            assert_texts_valid(value);
        }),
        _ => {}
    }
}

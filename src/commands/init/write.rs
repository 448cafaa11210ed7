//! The file that `init` writes: `config.example.toml` with the answers filled in, so that it
//! documents every key and its default.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use url::Url;

use super::event_answers::EventAnswers;
use super::existing::ExistingConfig;
use crate::config::{ConfigFileChange, ConfigValue, KeyPath, link_target, write_config_file};
use crate::exit::CommandError;
use crate::files;
use crate::i18n::{Lang, current_language};
use crate::secret::{ExposeSecret, Secret};
use crate::t;

/// Returns the example in a language, and the text at which its keys start.
fn config_example(lang: Lang) -> (&'static str, &'static str) {
    match lang {
        Lang::En => (include_str!("../../../config.example.toml"), "# ---- The account"),
        Lang::Zh => (include_str!("../../../config.example.zh-CN.toml"), "# ---- 账号"),
    }
}

/// A template that gets an alias.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct NewAlias {
    pub(super) alias: &'static str,
    pub(super) id: String,
    pub(super) title: String,
    pub(super) fields: Vec<String>,
}

/// The answers that the configuration holds.
#[derive(Clone)]
pub(super) struct InitAnswers {
    pub(super) app_id: String,
    pub(super) secret: Secret,
    pub(super) redirect_uri: Url,
    /// `listen.address`, if it does not follow from `redirect_uri`.
    pub(super) listen: Option<String>,
    /// The URL of a sandbox to use instead of WeChat.
    pub(super) sandbox: Option<Url>,
    /// `network.ca_file`, an absolute path.
    pub(super) ca_file: Option<PathBuf>,
    /// `[push]` and `serve.public_url`; `None` if no events are received.
    pub(super) events: Option<EventAnswers>,
    /// Templates that get an alias.
    pub(super) aliases: Vec<NewAlias>,
    /// The file that is changed; `None` for a new file.
    pub(super) existing: Option<ExistingConfig>,
}

impl InitAnswers {
    /// Returns the text of the configuration.
    ///
    /// # Errors
    ///
    /// The existing file has something else in place of a table.
    pub(super) fn render(&self) -> anyhow::Result<String> {
        let mut change = match &self.existing {
            Some(existing) => self.changed(existing)?,
            None => ConfigFileChange::new_file(self.render_example()),
        };
        for alias in &self.aliases {
            let fields: Vec<&str> = alias.fields.iter().map(String::as_str).collect();
            change.add_template(alias.alias, &alias.id, &alias.title, &fields);
        }
        Ok(change.text().to_owned())
    }

    /// Returns an existing file with the answers that differ from it.
    fn changed(&self, existing: &ExistingConfig) -> anyhow::Result<ConfigFileChange> {
        let mut change = existing.change.clone();
        let mut set = |name: &'static str, value: &str| set_key(&mut change, name, value);
        if existing.app_id().as_ref() != Some(&self.app_id) {
            set("app_id", &self.app_id)?;
        }
        if existing.redirect_uri().as_ref() != Some(&self.redirect_uri) {
            set("redirect_uri", self.redirect_uri.as_str())?;
        }
        if let Some(listen) = self.listen.as_ref().filter(|listen| existing.listen().as_ref() != Some(*listen)) {
            set("listen.address", listen)?;
        }
        if let Some(sandbox) = self.sandbox.as_ref().filter(|sandbox| existing.sandbox().as_ref() != Some(*sandbox)) {
            let url = sandbox.as_str().trim_end_matches('/');
            set("network.api_base", url)?;
            set("network.open_base", url)?;
        }
        if let Some(path) = self.ca_file.as_deref().and_then(Path::to_str) {
            set("network.ca_file", path)?;
        }
        let present = existing.secret();
        if present.as_ref().map(ExposeSecret::expose_secret) != Some(self.secret.expose_secret()) {
            set_secret(&mut change, &["app_secret_file", "appsecret"], "app_secret", Some(&self.secret))?;
        }
        if let Some(events) = &self.events {
            set_secret(&mut change, &["push.token_file"], "push.token", Some(&events.token))?;
            set_secret(&mut change, &["push.aes_key_file"], "push.aes_key", events.aes_key.as_ref())?;
            match &events.public_url {
                Some(url) => set_key(&mut change, "serve.public_url", url.as_str())?,
                None => unset_key(&mut change, "serve.public_url")?,
            }
        }
        Ok(change)
    }

    /// Returns the example with the answers filled in.
    fn render_example(&self) -> String {
        let sandbox = self.sandbox.as_ref().map(|url| url.as_str().trim_end_matches('/'));
        let events = self.events.as_ref();
        let mut values = [
            ("# app_id = ", Some(self.app_id.as_str())),
            ("# app_secret = ", Some(self.secret.expose_secret())),
            ("# redirect_uri = ", Some(self.redirect_uri.as_str())),
            ("# language = ", Some(current_language().code())),
            ("# address = ", self.listen.as_deref()),
            ("# public_url = ", events.and_then(|events| events.public_url.as_ref()).map(Url::as_str)),
            ("# token = ", events.map(|events| events.token.expose_secret())),
            ("# aes_key = ", events.and_then(|events| events.aes_key.as_ref()).map(ExposeSecret::expose_secret)),
            ("api_base = ", sandbox),
            ("open_base = ", sandbox),
            ("# ca_file = ", self.ca_file.as_deref().and_then(Path::to_str)),
        ];
        let header: String =
            t!("init-file-header").lines().map(|line| format!("# {line}").trim_end().to_owned() + "\n").collect();
        let (example, begin) = config_example(current_language());
        let keys = example.find(begin).map_or(example, |start| &example[start..]);
        let lines = keys.lines().map(|line| {
            // Two tables have a key of this name; the first key is `listen.address`.
            let answer = values.iter_mut().find(|(begin, _)| line.starts_with(*begin));
            match answer.and_then(|(begin, value)| Some((*begin, value.take()?))) {
                // Strings in JSON are valid strings in TOML.
                Some((begin, value)) => {
                    format!("{}{}\n", begin.trim_start_matches("# "), serde_json::Value::from(value))
                }
                None => format!("{line}\n"),
            }
        });
        lines.fold(header + "\n\n", |text, line| text + &line)
    }
}

/// Parses a key of this file, which exists.
fn known_key(name: &'static str) -> Result<KeyPath, CommandError> {
    KeyPath::parse(name).map_err(|unknown| CommandError::usage(t!("config-no-key", key = unknown.key)))
}

fn set_key(change: &mut ConfigFileChange, name: &'static str, value: &str) -> anyhow::Result<()> {
    Ok(change.set(&known_key(name)?, &ConfigValue::Text(value.to_owned()))?)
}

fn unset_key(change: &mut ConfigFileChange, name: &'static str) -> anyhow::Result<()> {
    change.unset(&known_key(name)?);
    Ok(())
}

/// Sets a secret, or removes it; and removes the other keys that could hold it.
fn set_secret(
    change: &mut ConfigFileChange,
    others: &[&'static str],
    name: &'static str,
    secret: Option<&Secret>,
) -> anyhow::Result<()> {
    others.iter().try_for_each(|other| unset_key(change, other))?;
    match secret {
        Some(secret) => set_key(change, name, secret.expose_secret()),
        None => unset_key(change, name),
    }
}

/// Writes the text to `path` atomically, with mode 0600. Saves an existing file beside it as
/// `FILE.bak`, also with mode 0600, and returns the path of that backup.
///
/// # Errors
///
/// `AlreadyExists` if the file exists and `replace` is not set.
pub(super) fn write_config(path: &Path, text: &str, replace: bool) -> io::Result<Option<PathBuf>> {
    // Replace the target of a symbolic link, not the link.
    let path = link_target(path);
    files::create_private_dir(files::parent_dir(&path))?;
    let previous = if replace && path.exists() { Some(fs::read(&path)?) } else { None };
    write_config_file(&path, text, previous.as_deref(), None, replace)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::EventsMode;
    use crate::config::{Config, Environment};

    fn answers() -> InitAnswers {
        InitAnswers {
            app_id: "wx00112233445566aa".into(),
            secret: "a \"quoted\\ secret é".into(),
            redirect_uri: Url::parse("https://wx.example.com/callback/?a=%22").unwrap(),
            listen: Some("127.0.0.1:8080".into()),
            sandbox: Some(Url::parse("http://127.0.0.1:8899/").unwrap()),
            ca_file: Some("/etc/ssl/a \"company\".pem".into()),
            events: None,
            aliases: Vec::new(),
            existing: None,
        }
    }

    fn load(answers: &InitAnswers) -> Config {
        let environment = Environment::from_pairs([("HOME", "/nowhere")]);
        Config::from_text(Path::new("/nowhere/config.toml"), answers.render().unwrap(), &environment).unwrap()
    }

    #[test]
    fn written_config_contains_only_the_answers() {
        let answers = answers();
        let config = load(&answers);
        let (app_id, secret) = config.credentials().unwrap();
        assert_eq!((app_id, secret.expose_secret()), ("wx00112233445566aa", answers.secret.expose_secret()));
        assert_eq!(config.require_redirect_uri().unwrap(), &answers.redirect_uri);
        assert_eq!(config.listen_address().unwrap().to_string(), "127.0.0.1:8080");
        assert!(config.serve.address.is_none() && !config.has_push());
        let bases = &config.network.api_base.value;
        assert_eq!(bases.iter().map(Url::as_str).collect::<Vec<_>>(), ["http://127.0.0.1:8899/"]);
        assert_eq!(config.network.open_base.value.as_str(), "http://127.0.0.1:8899/");

        assert_eq!(config.network.ca_file.unwrap().value, answers.ca_file.clone().unwrap());

        let plain = load(&InitAnswers { listen: None, sandbox: None, ca_file: None, ..answers });
        assert!(plain.network.ca_file.is_none());
        assert!(plain.listen.address.is_none() && plain.templates.is_empty());
        assert_eq!(plain.network.api_base.value.len(), 2);
    }

    #[test]
    fn events_are_written_with_the_comments_of_the_example() {
        let url = Url::parse("https://push.example.com/wx/").unwrap();
        for (mode, key_count) in [(EventsMode::Safe, 1), (EventsMode::Plain, 0)] {
            let events = EventAnswers::generate(mode, Some(url.clone())).unwrap();
            let answers = InitAnswers { events: Some(events.clone()), ..answers() };
            let config = load(&answers);
            let secrets = config.push_secrets().unwrap();
            assert_eq!(secrets.token.expose_secret(), events.token.expose_secret());
            assert_eq!(secrets.aes_keys.len(), key_count);
            assert_eq!(config.push_url().unwrap().as_str(), "https://push.example.com/wx/push");
            assert!(answers.render().unwrap().lines().any(|line| line.starts_with("# forward_to = ")));
        }
    }

    #[test]
    fn existing_config_gets_only_the_answers_that_differ() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("config.toml");
        let text = "# mine\napp_id = \"wx1\" # old\nappsecret = \"0123\"\nredirect_uri = \"http://192.0.2.1/\"\n\n\
                    [network]\ntimeout = \"3s\"\n\n[push]\ntoken = \"abc\"\naes_key_file = \"key\"\n\n[templates.a]\nid = \"T\"\n";
        fs::write(&path, text).unwrap();
        std::os::unix::fs::chown(&path, None, None).unwrap();
        let existing = ExistingConfig::read(&path).unwrap();
        let kept = InitAnswers {
            app_id: "wx1".into(),
            secret: "0123".into(),
            redirect_uri: Url::parse("http://192.0.2.1/").unwrap(),
            listen: None,
            sandbox: None,
            ca_file: None,
            events: None,
            aliases: Vec::new(),
            existing: Some(existing),
        };
        assert_eq!(kept.render().unwrap(), text);
        let changed = InitAnswers { app_id: "wx2".into(), secret: "4567".into(), ..kept.clone() };
        let text = text.replace("wx1", "wx2").replace("appsecret = \"0123\"\n", "");
        let with_secret = text.replace("192.0.2.1/\"\n", "192.0.2.1/\"\napp_secret = \"4567\"\n");
        assert_eq!(changed.render().unwrap(), with_secret);
        let events = EventAnswers::generate(EventsMode::Plain, None).unwrap();
        let token = events.token.expose_secret().to_owned();
        let changed = InitAnswers { events: Some(events), ..changed };
        let expected = with_secret.replace("\"abc\"\naes_key_file = \"key\"", &format!("\"{token}\""));
        assert_eq!(changed.render().unwrap(), expected);
    }

    #[test]
    fn config_example_has_same_settings_in_both_languages() {
        let lines = |lang| {
            let is_key = |text: &str| text.split_once(" = ").is_some_and(|(key, _)| !key.contains([' ', ';']));
            let prose =
                |line: &str| line.strip_prefix("# ").is_some_and(|text| !is_key(text) && !text.starts_with('['));
            let (text, begin) = config_example(lang);
            let (_, text) = text.split_once(begin).unwrap();
            let lines = text.lines().skip(1).filter(|line| !line.is_empty() && !prose(line));
            lines.map(|line| line.replace("备份完成", "Backup finished")).collect::<Vec<_>>()
        };
        assert_eq!(lines(Lang::Zh), lines(Lang::En));
    }

    #[test]
    fn written_config_shows_every_key() {
        let text = answers().render().unwrap();
        for key in crate::config::KEYS.iter().filter(|key| !key.name.starts_with("templates.")) {
            let name = key.name.rsplit('.').next().unwrap();
            let is_shown = text.lines().any(|line| line.trim_start_matches("# ").starts_with(&format!("{name} = ")));
            assert!(is_shown || name == "appsecret", "{name}");
        }
    }

    #[test]
    fn existing_config_is_replaced_on_request_and_backed_up() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a/b/config.toml");
        assert_eq!(write_config(&path, "one", false).unwrap(), None);
        assert_eq!(write_config(&path, "two", false).unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(fs::read_to_string(&path).unwrap(), "one");
        let backup_path = write_config(&path, "two", true).unwrap().unwrap();
        assert_eq!(backup_path.file_name().unwrap(), "config.toml.bak");
        assert_eq!([&path, &backup_path].map(|path| fs::read_to_string(path).unwrap()), ["two", "one"]);
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 2, "nothing half-written beside it");
        use std::os::unix::fs::PermissionsExt;
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!([mode(&path), mode(&backup_path), mode(path.parent().unwrap())], [0o600, 0o600, 0o700]);
    }

    #[test]
    fn symlink_to_config_is_kept() {
        let dir = tempfile::tempdir().unwrap();
        let (file, link) = (dir.path().join("dotfiles.toml"), dir.path().join("config.toml"));
        std::os::unix::fs::symlink("dotfiles.toml", &link).unwrap();
        // The first file is created where the link points to.
        for (text, replace) in [("old", false), ("new", true)] {
            write_config(&link, text, replace).unwrap();
            assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
            assert_eq!(fs::read_to_string(&file).unwrap(), text);
        }
    }
}

//! Reads the candidates for the value at the cursor.

use std::collections::BTreeSet;

use clap_complete::engine::CompletionCandidate;

use super::candidate::{MARKER, by_shell, described};
use super::config_values::{keys_of_config, values_of_key};
use super::typed_line::TypedLine;
use super::value_kind::ValueKind;
use crate::cli::{HELP_TOPICS, command_in};
use crate::clock::Timestamp;
use crate::compose::template_list::find;
use crate::context::AppContext;
use crate::i18n::{current_language, join_clauses, relative_time};
use crate::store::{CompletionView, MessageState, MessageSummary, TemplateKind, TemplateList, UserSummary};
use crate::t;
use crate::wechat::errcode::{self, Action};
use crate::wechat::template::{HIDDEN_KEYS, Piece, parse_template};

/// Reads values for one command line.
pub(super) struct ValueSource {
    line: TypedLine,
}

impl ValueSource {
    pub(super) fn new(line: TypedLine) -> Self {
        Self { line }
    }

    /// Returns the values of a kind that begin with `prefix`.
    pub(super) fn candidates(&self, kind: ValueKind, prefix: &str) -> Vec<CompletionCandidate> {
        let found = match kind {
            ValueKind::Free | ValueKind::Listed => None,
            ValueKind::File => Some(vec![by_shell("files")]),
            ValueKind::Directory => Some(vec![by_shell("directories")]),
            ValueKind::Command => Some(self.command()),
            ValueKind::User => self.users(prefix),
            ValueKind::Tag => self.tags(prefix),
            ValueKind::Template => self.templates(TemplateKind::Template),
            ValueKind::Subscription => self.templates(TemplateKind::Subscription),
            ValueKind::TemplateOrSubscription => self.templates(self.kind_by_flag()),
            ValueKind::Field => self.fields(),
            ValueKind::Message(states) => self.messages(states, prefix),
            ValueKind::Errcode => Some(errcodes()),
            ValueKind::ConfigKey => Some(self.config_keys()),
            ValueKind::ConfigValue => Some(self.config_values()),
            ValueKind::Alias => self.aliases(),
            ValueKind::HelpTopic => self.help_topics(),
        };
        let mut found = found.unwrap_or_default();
        let is_match = |candidate: &CompletionCandidate| {
            candidate.get_value().to_str().is_some_and(|value| value.starts_with(prefix) || value.starts_with(MARKER))
        };
        found.retain(is_match);
        found
    }

    /// Opens the database. Only some kinds of values need it.
    fn database(&self) -> Option<(&AppContext, CompletionView)> {
        let app = self.line.app.as_ref()?;
        let view = CompletionView::open(&app.config.database.value).ok().flatten()?;
        Some((app, view))
    }

    fn command(&self) -> Vec<CompletionCandidate> {
        match self.line.is_escaped {
            true => vec![by_shell("command")],
            // An option, so that the others are shown as well.
            false => vec![described("--", &t!("completion-command")).id(Some("arg::escape".to_owned()))],
        }
    }

    fn users(&self, prefix: &str) -> Option<Vec<CompletionCandidate>> {
        let (app, view) = self.database()?;
        let given: BTreeSet<String> = self.line.values("user").into_iter().collect();
        let mut users = view.users_with_prefix(app.app_id(), prefix).ok()?;
        users.retain(|user| !given.contains(&user.username));
        Some(users.iter().map(|user| described(&user.username, &describe_user(user))).collect())
    }

    fn tags(&self, prefix: &str) -> Option<Vec<CompletionCandidate>> {
        let (_, view) = self.database()?;
        let given: BTreeSet<String> = self.line.values("tag").into_iter().collect();
        let tags = view.tags_with_prefix(prefix).ok()?;
        Some(tags.into_iter().filter(|tag| !given.contains(tag)).map(CompletionCandidate::new).collect())
    }

    fn kind_by_flag(&self) -> TemplateKind {
        if self.line.has_flag("subscribe") { TemplateKind::Subscription } else { TemplateKind::Template }
    }

    /// Returns the aliases of the config, each with its title if that is known, and the titles of
    /// the cached list that name one template, each with its ID.
    fn templates(&self, kind: TemplateKind) -> Option<Vec<CompletionCandidate>> {
        let app = self.line.app.as_ref()?;
        let list = self.template_list(kind).map(|list| list.templates).unwrap_or_default();
        let title_of = |id: &str| list.iter().find(|template| template.template_id == id).map(|found| &*found.title);
        let aliases = app.config.templates.iter().map(|(alias, template)| {
            let id = template.id.value.as_str();
            described(alias, title_of(id).unwrap_or(id))
        });
        let is_name = |title: &str| {
            !title.is_empty()
                && list.iter().filter(|template| template.title == title).count() == 1
                && !app.config.templates.contains_key(title)
        };
        let titles = list.iter().filter(|template| is_name(&template.title));
        let titles = titles.map(|template| described(&template.title, &template.template_id));
        Some(aliases.chain(titles).collect())
    }

    fn template_list(&self, kind: TemplateKind) -> Option<TemplateList> {
        let (app, view) = self.database()?;
        view.templates(app.app_id(), kind).ok().flatten()
    }

    /// Returns the keys of the template of the line, without those that are given; each with its
    /// label on the card.
    fn fields(&self) -> Option<Vec<CompletionCandidate>> {
        let app = self.line.app.as_ref()?;
        let is_flag = self.line.has_flag("subscribe");
        let subscription = self.line.values("subscribe").pop().filter(|_| !is_flag);
        let name = self.line.values("template").pop();
        let (name, kind) = match (subscription, name) {
            (Some(title), None) if title != "false" => (title, TemplateKind::Subscription),
            (_, name) => (name?, self.kind_by_flag()),
        };
        let given = [self.line.values("data"), self.line.values("data_color")].concat();
        let is_given =
            |key: &str| given.iter().any(|value| value.split_once('=').is_some_and(|(k, _)| k.trim() == key));
        let list = self.template_list(kind);
        let template = list.as_ref().and_then(|list| find(app, &name, list).ok());
        let labelled = match (template, app.config.templates.get(&name)) {
            (Some(template), _) => labelled_keys(&template.content),
            // Without a cached list, the defaults of the alias name fields as well.
            (None, Some(alias)) => alias.data.iter().map(|(key, _)| (key.as_str(), "")).collect(),
            (None, None) => return None,
        };
        let open = labelled.into_iter().filter(|(key, _)| !is_given(key) && !HIDDEN_KEYS.contains(key));
        Some(open.map(|(key, label)| described(&format!("{key}="), label)).collect())
    }

    fn messages(&self, states: &[MessageState], prefix: &str) -> Option<Vec<CompletionCandidate>> {
        let (app, view) = self.database()?;
        let given: BTreeSet<String> = self.line.values("id").into_iter().collect();
        let now = Timestamp::now();
        let messages = view.recent_messages(app.app_id(), states, prefix).ok()?;
        let messages = messages.iter().map(|message| (message.id.to_string(), message));
        let open = messages.filter(|(id, _)| !given.contains(id));
        Some(open.map(|(id, message)| described(&id, &describe_message(message, now))).collect())
    }

    fn config_keys(&self) -> Vec<CompletionCandidate> {
        let given = [self.line.values("key"), self.line.values("keys")].concat();
        let list = self.template_list(TemplateKind::Template);
        let mut keys = keys_of_config(self.line.app.as_ref(), list.as_ref());
        keys.retain(|key| key.get_value().to_str().is_some_and(|key| !given.iter().any(|given| given == key)));
        keys
    }

    /// Returns the keys of the config, or after a key its values: both alternate on the line.
    fn config_values(&self) -> Vec<CompletionCandidate> {
        let given = [self.line.values("key"), self.line.values("values")].concat();
        if given.len() % 2 == 0 {
            return self.config_keys();
        }
        let list = self.template_list(TemplateKind::Template);
        let key = given.last().map(String::as_str).unwrap_or_default();
        values_of_key(self.line.app.as_ref(), list.as_ref(), key)
    }

    /// Returns the aliases if the command removes one. Otherwise the argument is a new name.
    fn aliases(&self) -> Option<Vec<CompletionCandidate>> {
        let app = self.line.app.as_ref().filter(|_| self.line.has_flag("remove"))?;
        Some(app.config.templates.iter().map(|(alias, template)| described(alias, &template.id.value)).collect())
    }

    fn help_topics(&self) -> Option<Vec<CompletionCandidate>> {
        let words = self.line.values("words");
        let root = command_in(current_language());
        let command = words.iter().try_fold(&root, |command, word| command.find_subcommand(word))?;
        let about = |child: &clap::Command| child.get_about().map(ToString::to_string).unwrap_or_default();
        let commands = command.get_subcommands().map(|child| described(child.get_name(), &about(child)));
        let topics = HELP_TOPICS.iter().filter(|_| words.is_empty()).map(|topic| topic.name);
        let topics = topics.filter(|name| root.find_subcommand(name).is_none());
        Some(commands.chain(topics.map(CompletionCandidate::new)).collect())
    }
}

fn errcodes() -> Vec<CompletionCandidate> {
    let codes = errcode::entries().filter(|entry| entry.action != Action::Done);
    codes.map(|entry| described(&entry.errcode.to_string(), entry.meaning(current_language()))).collect()
}

fn describe_user(user: &UserSummary) -> String {
    let note = Some(user.note.trim()).filter(|note| !note.is_empty()).map(str::to_owned);
    let binding = (!user.is_bound).then(|| t!("completion-unbound"));
    join_clauses(note.into_iter().chain(binding))
}

fn describe_message(message: &MessageSummary, now: Timestamp) -> String {
    let state = match message.errcode.filter(|_| message.state != MessageState::Sent) {
        Some(code) => t!("completion-state-errcode", state = message.state.as_str(), code = code.to_string()),
        None => message.state.as_str().to_owned(),
    };
    let user = message.user.as_deref();
    let ago = relative_time(now.seconds_since(message.created_at));
    match user {
        Some(user) => t!("completion-message", state = state, kind = message.kind, user = user, ago = ago),
        None => t!("completion-message-openid", state = state, kind = message.kind, ago = ago),
    }
}

/// Returns the keys of a template in their order, each with the text before it in its line.
fn labelled_keys(content: &str) -> Vec<(&str, &str)> {
    let mut labelled = Vec::new();
    let mut text = "";
    for piece in parse_template(content) {
        match piece {
            Piece::Text(piece) => text = piece.rsplit('\n').next().unwrap_or(piece),
            Piece::Key(key) => {
                if labelled.iter().all(|(known, _)| *known != key) {
                    labelled.push((key, text.trim().trim_end_matches([':', '：'])));
                }
                text = "";
            }
        }
    }
    labelled
}

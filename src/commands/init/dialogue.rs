//! The dialogue of `init`. It asks one question after the other, goes back to an earlier one with
//! `<`, and finally lists all answers, each of which can be changed.

use std::path::Path;

use url::Url;

use super::draft::InitDraft;
use super::event_answers::EventChoice;
use super::events;
use super::existing::ExistingConfig;
use super::prompts::{self, BACK, Proposal};
use super::write::InitAnswers;
use crate::config::ConfigSecret;
use crate::exit::CommandError;
use crate::sandbox::Scenario;
use crate::t;
use crate::ui::{self, Ui, format_key_values};

/// A question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum InitStep {
    AppId,
    Secret,
    RedirectUri,
    Listen,
    Events,
}

impl InitStep {
    const ALL: [Self; 5] = [Self::AppId, Self::Secret, Self::RedirectUri, Self::Listen, Self::Events];
}

/// The dialogue with the answers so far.
pub(super) struct InitDialogue {
    draft: InitDraft,
    events: EventChoice,
    existing: Option<ExistingConfig>,
    /// The questions that options and variables have answered.
    preset_steps: Vec<InitStep>,
}

impl InitDialogue {
    /// Creates the dialogue. It skips the questions that `draft` answers.
    pub(super) fn new(mut draft: InitDraft, existing: Option<ExistingConfig>) -> Self {
        let is_preset = [
            (InitStep::AppId, draft.app_id.is_some()),
            (InitStep::Secret, draft.secret.is_some()),
            (InitStep::RedirectUri, draft.redirect_uri.is_some()),
            (InitStep::Listen, draft.listen.is_some()),
        ];
        let preset_steps = is_preset.into_iter().filter(|(_, is_preset)| *is_preset).map(|(step, _)| step).collect();
        let present = existing.as_ref();
        draft.sandbox = draft.sandbox.or_else(|| present?.sandbox());
        draft.events.present_url = present.and_then(ExistingConfig::public_url);
        let has_events = present.is_some_and(ExistingConfig::has_events);
        let events = if has_events { EventChoice::Kept } else { EventChoice::Declined };
        Self { draft, events, existing, preset_steps }
    }

    /// Asks every question, then shows the answers.
    pub(super) fn run(&mut self, ui: &mut Ui, path: &Path) -> anyhow::Result<()> {
        ui.status(&match self.existing {
            Some(_) => t!("init-begin-existing", path = path),
            None => t!("init-begin", path = path),
        });
        if let Some(app_id) = &self.draft.app_id {
            prompts::warn_if_unusual_app_id(ui, app_id);
        }
        self.ask_from(ui, 0)?;
        self.review(ui)
    }

    /// Asks the questions from this position on.
    fn ask_from(&mut self, ui: &mut Ui, first: usize) -> anyhow::Result<()> {
        let mut position = first;
        while let Some(step) = InitStep::ALL.get(position) {
            if !self.is_asked(*step) || self.ask(ui, *step)? {
                position += 1;
                continue;
            }
            let mut before = InitStep::ALL.iter().take(position);
            // The first question has none before it.
            position = before.rposition(|step| self.is_asked(*step)).unwrap_or(position);
        }
        Ok(())
    }

    fn is_asked(&self, step: InitStep) -> bool {
        let is_listen_needed = || {
            let is_https = self.draft.redirect_uri.as_ref().is_some_and(|uri| uri.scheme() == "https");
            is_https || self.existing.as_ref().is_some_and(|existing| existing.listen().is_some())
        };
        !self.preset_steps.contains(&step) && (step != InitStep::Listen || is_listen_needed())
    }

    /// Asks one question. Returns `false` if the user goes back.
    fn ask(&mut self, ui: &mut Ui, step: InitStep) -> anyhow::Result<bool> {
        let existing = self.existing.as_ref();
        let is_sandbox = self.draft.sandbox.is_some();
        match step {
            InitStep::AppId => {
                ui.status(&if is_sandbox { t!("init-where-sandbox") } else { t!("init-where-app-id") });
                let known = is_sandbox.then(|| Scenario::default().app_id);
                let default = self.draft.app_id.clone().or_else(|| existing?.app_id()).or(known);
                let answer = prompts::ask_app_id(ui, Proposal::Default(default))?;
                keep(answer, &mut self.draft.app_id)
            }
            InitStep::Secret => {
                let known = is_sandbox.then(|| Scenario::default().app_secret.into());
                let kept = self.draft.secret.clone().or_else(|| existing?.secret());
                let answer = prompts::ask_secret(ui, kept, known)?;
                keep(answer, &mut self.draft.secret)
            }
            InitStep::RedirectUri => {
                let default = self.draft.redirect_uri.clone().or_else(|| existing?.redirect_uri());
                let answer = prompts::ask_redirect_uri(ui, default, is_sandbox)?;
                keep(answer, &mut self.draft.redirect_uri)
            }
            InitStep::Listen => {
                let default = self.draft.listen.clone().or_else(|| existing?.listen());
                let answer = prompts::ask_listen(ui, default)?;
                keep(answer, &mut self.draft.listen)
            }
            InitStep::Events => {
                let Some(redirect_uri) = &self.draft.redirect_uri else { return Ok(false) };
                let has_events = existing.is_some_and(ExistingConfig::has_events);
                let options = self.draft.events.clone();
                let can_go_back = InitStep::ALL.iter().any(|step| *step != InitStep::Events && self.is_asked(*step));
                match events::ask(ui, options, redirect_uri, is_sandbox, has_events)? {
                    Some(choice) => self.events = choice,
                    None if can_go_back => return Ok(false),
                    None => return self.ask(ui, step),
                }
                Ok(true)
            }
        }
    }

    /// Shows the answers until the user accepts them. If no question was about the account, there
    /// is nothing to review.
    pub(super) fn review(&mut self, ui: &mut Ui) -> anyhow::Result<()> {
        loop {
            let steps: Vec<InitStep> = InitStep::ALL.into_iter().filter(|step| self.is_asked(*step)).collect();
            if steps.iter().all(|step| *step == InitStep::Events) {
                return Ok(());
            }
            let lines = steps.iter().zip(1..).map(|(step, number)| self.describe(*step, number));
            let text = format_key_values(&lines.collect::<Vec<_>>()).replace('\n', "\n  ");
            ui.write_stderr(&format!("\n  {text}\n"));
            let count = steps.len();
            let typed = ui::prompt_optional_text(ui, &t!("init-review"), move |typed| {
                let is_line = typed.parse().is_ok_and(|number: usize| (1..=count).contains(&number));
                if is_line || typed == BACK { Ok(()) } else { Err(t!("init-review-number", count = count).into()) }
            })?;
            let Some(typed) = typed else { return Ok(()) };
            let number: usize = typed.parse().unwrap_or(count);
            if let Some(step) = number.checked_sub(1).and_then(|index| steps.get(index)) {
                self.ask(ui, *step)?;
                // An https address needs an answer that an http address does not.
                if self.is_asked(InitStep::Listen) && self.draft.listen.is_none() {
                    self.ask(ui, InitStep::Listen)?;
                }
            }
        }
    }

    fn describe(&self, step: InitStep, number: usize) -> (String, String) {
        let (label, value) = match step {
            InitStep::AppId => (t!("init-app-id"), self.draft.app_id.clone()),
            InitStep::Secret => (ConfigSecret::AppSecret.title().to_owned(), Some(t!("ui-hidden"))),
            InitStep::RedirectUri => (t!("init-redirect"), self.draft.redirect_uri.as_ref().map(Url::to_string)),
            InitStep::Listen => (t!("init-listen"), self.draft.listen.clone()),
            InitStep::Events => {
                let value = match &self.events {
                    EventChoice::Declined => t!("ui-no"),
                    EventChoice::Kept => t!("init-review-events-kept"),
                    EventChoice::New(events) if events.aes_key.is_some() => t!("init-review-events-safe"),
                    EventChoice::New(_) => t!("init-review-events-plain"),
                };
                (t!("init-review-events"), Some(value))
            }
        };
        (format!("{number}  {label}"), value.unwrap_or_default())
    }

    /// Applies the corrections that were made after the check.
    pub(super) fn update(&mut self, answers: &InitAnswers) {
        self.draft.app_id = Some(answers.app_id.clone());
        self.draft.secret = Some(answers.secret.clone());
        self.draft.ca_file.clone_from(&answers.ca_file);
    }

    /// Returns the answers.
    pub(super) fn answers(&self) -> Result<InitAnswers, CommandError> {
        let mut draft = self.draft.clone();
        let is_listen_used = self.preset_steps.contains(&InitStep::Listen) || self.is_asked(InitStep::Listen);
        draft.listen = draft.listen.filter(|_| is_listen_used);
        let events = match &self.events {
            EventChoice::New(events) => Some(events.clone()),
            EventChoice::Declined | EventChoice::Kept => None,
        };
        draft.into_answers(events, self.existing.clone())
    }
}

/// Stores an answer in `place`. Returns `false` if there is none, because the user goes back.
fn keep<T>(answer: Option<T>, place: &mut Option<T>) -> anyhow::Result<bool> {
    let is_given = answer.is_some();
    if is_given {
        *place = answer;
    }
    Ok(is_given)
}

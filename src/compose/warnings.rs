//! The warnings about a message; with `--strict` each of them is an error.

use crate::exit::CommandError;
use crate::t;
use crate::ui::Ui;

/// The warnings about one message, in the order in which they were found.
pub(crate) struct DraftWarnings {
    strict: bool,
    is_trial: bool,
    /// Whether the text of the message was not written by the user, who cannot shorten it.
    is_generated_text: bool,
    warnings: Vec<String>,
}

impl DraftWarnings {
    /// With `strict`, each warning is an error.
    pub(crate) fn new(strict: bool) -> Self {
        Self { strict, is_trial: false, is_generated_text: false, warnings: Vec::new() }
    }

    /// Creates the warnings of a message that is checked and not sent. Nothing is printed.
    pub(crate) fn for_trial(strict: bool) -> Self {
        Self { is_trial: true, ..Self::new(strict) }
    }

    /// Drops the warnings about the text as a template message, because `run` generated the text.
    pub(crate) fn set_generated_text(&mut self) {
        self.is_generated_text = true;
    }

    pub(crate) fn is_generated_text(&self) -> bool {
        self.is_generated_text
    }

    pub(crate) fn is_strict(&self) -> bool {
        self.strict
    }

    /// Adds a warning.
    ///
    /// # Errors
    /// With `strict`, a usage error with the text of the warning.
    pub(crate) fn add_or_fail(&mut self, warning: String, hint: Option<String>) -> Result<(), CommandError> {
        if self.strict {
            return Err(CommandError::usage(warning).hint(hint.unwrap_or_else(|| t!("send-strict-hint"))));
        }
        self.warnings.push(warning);
        Ok(())
    }

    /// Adds warnings that are not errors with `strict` either.
    pub(crate) fn extend(&mut self, warnings: impl IntoIterator<Item = String>) {
        self.warnings.extend(warnings);
    }

    /// Returns all warnings so far and clears them.
    pub(crate) fn take(&mut self) -> Vec<String> {
        std::mem::take(&mut self.warnings)
    }

    pub(crate) fn print(&mut self, ui: &mut Ui) {
        let warnings = self.take();
        warnings.iter().filter(|_| !self.is_trial).for_each(|warning| ui.warn(warning));
    }
}

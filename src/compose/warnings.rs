//! What is not right about a message that is sent all the same: a warning, and with `--strict` an error.

use crate::exit::CommandError;
use crate::t;
use crate::ui::Ui;

/// The warnings about one message, as they come up.
pub(crate) struct DraftWarnings {
    strict: bool,
    warnings: Vec<String>,
}

impl DraftWarnings {
    /// With `strict`, each warning is an error.
    pub(crate) fn new(strict: bool) -> Self {
        Self { strict, warnings: Vec::new() }
    }

    /// Whether each warning is an error.
    pub(crate) fn is_strict(&self) -> bool {
        self.strict
    }

    /// Adds a warning.
    ///
    /// # Errors
    /// With `strict` the warning, as what is wrong with the command line.
    pub(crate) fn add_or_fail(&mut self, warning: String, hint: Option<String>) -> Result<(), CommandError> {
        if self.strict {
            return Err(CommandError::usage(warning).hint(hint.unwrap_or_else(|| t!("send-strict-hint"))));
        }
        self.warnings.push(warning);
        Ok(())
    }

    /// Adds warnings that are no errors with `strict` either.
    pub(crate) fn extend(&mut self, warnings: impl IntoIterator<Item = String>) {
        self.warnings.extend(warnings);
    }

    /// All warnings so far; from here on there are none.
    pub(crate) fn take(&mut self) -> Vec<String> {
        std::mem::take(&mut self.warnings)
    }

    /// Prints the warnings so far.
    pub(crate) fn print(&mut self, ui: &mut Ui) {
        self.take().iter().for_each(|warning| ui.warn(warning));
    }
}

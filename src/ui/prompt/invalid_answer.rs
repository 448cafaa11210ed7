//! Why a prompt rejects an answer.

/// Why an answer is rejected.
pub struct InvalidAnswer {
    /// The reason.
    pub message: String,
    /// The text that the user can edit next, or `None` for the answer itself.
    pub suggestion: Option<String>,
    /// Whether the answer is accepted if it is entered again.
    pub is_warning: bool,
}

impl InvalidAnswer {
    /// Rejects an answer that is accepted if it is entered again.
    pub fn unless_repeated(message: String) -> Self {
        Self { message, suggestion: None, is_warning: true }
    }
}

impl From<String> for InvalidAnswer {
    fn from(message: String) -> Self {
        Self { message, suggestion: None, is_warning: false }
    }
}

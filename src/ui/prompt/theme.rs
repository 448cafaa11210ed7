//! The appearance of prompts: in the language of the run, with sanitized text.

use std::fmt::{self, Write};

use console::measure_text_width;
use dialoguer::theme::Theme;

use super::invalid_answer::InvalidAnswer;
use crate::t;
use crate::ui::messages::with_label;
use crate::ui::sanitize::single_line;
use crate::ui::table::key_values::{hanging_indent, terminal_width};

/// The theme of all prompts.
pub(super) struct PromptTheme;

/// Formats the reason why an answer is rejected, as an error or as a warning.
pub(super) fn format_rejection(f: &mut dyn Write, invalid: &InvalidAnswer) -> fmt::Result {
    let label = if invalid.is_warning { t!("ui-warning") } else { t!("ui-error") };
    let label = with_label(&label, "");
    let text = hanging_indent(&single_line(&invalid.message), measure_text_width(&label), terminal_width());
    write!(f, "{label}{text}")
}

impl Theme for PromptTheme {
    fn format_confirm_prompt(&self, f: &mut dyn Write, prompt: &str, default: Option<bool>) -> fmt::Result {
        let choice = match default {
            None => "[y/n]",
            Some(true) => "[Y/n]",
            Some(false) => "[y/N]",
        };
        write!(f, "{} {choice} ", single_line(prompt))
    }

    fn format_confirm_prompt_selection(&self, f: &mut dyn Write, prompt: &str, answer: Option<bool>) -> fmt::Result {
        let answer = match answer {
            Some(true) => t!("ui-yes"),
            Some(false) => t!("ui-no"),
            None => String::new(),
        };
        write!(f, "{} {answer}", single_line(prompt))
    }

    fn format_input_prompt(&self, f: &mut dyn Write, prompt: &str, default: Option<&str>) -> fmt::Result {
        let prompt = single_line(prompt);
        f.write_str(&match default {
            Some(default) => t!("ui-ask-default", prompt = prompt, default = single_line(default)),
            None => t!("ui-ask", prompt = prompt),
        })
    }

    fn format_input_prompt_selection(&self, f: &mut dyn Write, prompt: &str, answer: &str) -> fmt::Result {
        write!(f, "{}{}", t!("ui-ask", prompt = single_line(prompt)), single_line(answer))
    }
}

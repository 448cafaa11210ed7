//! The kind of the values of each argument.

use crate::store::MessageState;

/// The kind of the values of an argument.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ValueKind {
    /// A new name, a text, a number, a time or an address; not completed.
    Free,
    /// The values that `--help` lists.
    Listed,
    /// A file, completed by the shell.
    File,
    /// A directory, completed by the shell.
    Directory,
    /// A command with its arguments, completed by the shell.
    Command,
    /// The name of a user.
    User,
    /// A tag that a user has.
    Tag,
    /// A template: an alias or a title.
    Template,
    /// A subscription template: an alias or a title.
    Subscription,
    /// A template, or with `--subscribe` a subscription template.
    TemplateOrSubscription,
    /// `KEY=`, with a key of the template of the line.
    Field,
    /// The ID of a message in one of these states.
    Message(&'static [MessageState]),
    /// An error code of WeChat.
    Errcode,
    /// An alias of the config.
    Alias,
    /// A key of the config file.
    ConfigKey,
    /// The value of the key before it, or one more key.
    ConfigValue,
    /// The next word of a command, or a topic.
    HelpTopic,
}

use MessageState::{Expired, Failed, Queued, Unknown};

/// Returns the kind of the values of an argument, or `None` for an unknown argument. `id` names the
/// argument in the types of `cli`; `path` is its command, such as `user/add`.
pub(super) fn value_kind(path: &str, id: &str) -> Option<ValueKind> {
    Some(match (path, id) {
        (_, "config" | "database") => ValueKind::File,
        (_, "color") => ValueKind::Listed,
        ("send" | "run" | "bind" | "unbind" | "outbox/list" | "outbox/follow", "user")
        | ("user/show" | "user/edit" | "user/passwd" | "user/remove", "name") => ValueKind::User,
        (_, "tag" | "untag") => ValueKind::Tag,
        ("send" | "run", "template" | "fallback")
        | ("outbox/list" | "outbox/follow", "template")
        | ("template/remove", "template") => ValueKind::Template,
        ("template/alias", "name") => ValueKind::Alias,
        ("template/show" | "template/check" | "template/alias", "template") => ValueKind::TemplateOrSubscription,
        ("send", "subscribe") => ValueKind::Subscription,
        ("send" | "run" | "template/check", "data" | "data_color") => ValueKind::Field,
        ("send" | "run" | "template/check", "data_json")
        | ("send", "batch" | "image" | "news" | "message_file")
        | ("bind", "qr_file")
        | ("init", "ca_file")
        | ("sandbox", "world")
        | ("backup" | "user/import" | "media/upload", "file") => ValueKind::File,
        ("man", "dir") => ValueKind::Directory,
        ("run", "command") => ValueKind::Command,
        ("outbox/retry", "id") => ValueKind::Message(&[Failed, Unknown, Expired, Queued]),
        ("outbox/cancel", "id") => ValueKind::Message(&[Queued]),
        ("outbox/show", "id") => ValueKind::Message(&MessageState::ALL),
        ("explain", "what") => ValueKind::Errcode,
        ("config/get" | "config/set", "key") | ("config/unset", "keys") => ValueKind::ConfigKey,
        ("config/set", "values") => ValueKind::ConfigValue,
        ("help", "words") => ValueKind::HelpTopic,
        ("run", "on")
        | ("bind", "qr" | "scope")
        | ("init", "events")
        | ("outbox/list" | "outbox/follow", "state" | "receipt" | "columns")
        | ("media/upload", "kind")
        | ("completions", "shell") => ValueKind::Listed,
        ("send", "text" | "openid" | "concurrency" | "rate")
        | ("send" | "run", "text_option" | "url" | "miniprogram" | "key" | "expire_after")
        | ("send" | "outbox/retry", "wait_receipt")
        | ("user/add", "name" | "openid" | "note")
        | ("user/edit", "rename" | "note")
        | ("bind", "timeout" | "listen" | "openid")
        | ("outbox/list", "since" | "until" | "limit")
        | ("outbox/follow", "since" | "lines")
        | ("outbox/prune", "older_than")
        | ("outbox/status", "check")
        | ("template/add", "short_id" | "keyword")
        | ("follower/show", "openid")
        | ("follower/remark", "openid" | "text")
        | ("quota/show", "api")
        | ("init", "app_id" | "redirect_uri" | "listen" | "sandbox" | "public_url")
        | ("serve" | "sandbox", "listen")
        | ("event", "query")
        | ("man", "lang") => ValueKind::Free,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use clap::Command;

    use super::*;
    use crate::cli::command_in;
    use crate::i18n::Lang;

    /// Calls `each` with the path of every command and each of its arguments that takes a value.
    fn for_each_value(command: &Command, path: &str, each: &mut impl FnMut(&str, &clap::Arg)) {
        for arg in command.get_arguments().filter(|arg| arg.get_action().takes_values()) {
            each(path, arg);
        }
        for child in command.get_subcommands() {
            for_each_value(child, format!("{path}/{}", child.get_name()).trim_start_matches('/'), each);
        }
    }

    #[test]
    fn every_argument_has_a_kind() {
        let mut wrong = Vec::new();
        for_each_value(&command_in(Lang::En), "", &mut |path, arg| {
            let id = arg.get_id().as_str();
            let is_listed = !arg.get_possible_values().is_empty();
            match value_kind(path, id) {
                None => wrong.push(format!("{path} {id} has no kind")),
                Some(kind) if is_listed != (kind == ValueKind::Listed) => wrong.push(format!("{path} {id}: {kind:?}")),
                Some(_) => {}
            }
        });
        assert_eq!(wrong, Vec::<String>::new());
    }

    #[test]
    fn files_are_completed_where_help_names_a_file() {
        let mut wrong = Vec::new();
        for_each_value(&command_in(Lang::En), "", &mut |path, arg| {
            let id = arg.get_id().as_str();
            let names: Vec<_> = arg.get_value_names().unwrap_or_default().iter().map(|name| name.as_str()).collect();
            let names_file = names.iter().any(|name| name.to_uppercase().split('|').any(|name| name == "FILE"));
            if names_file != (value_kind(path, id) == Some(ValueKind::File)) {
                wrong.push(format!("{path} {id}: {names:?}"));
            }
        });
        assert_eq!(wrong, Vec::<String>::new());
    }
}

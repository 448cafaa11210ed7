//! Who is to be bound, all looked at before anything begins.

use std::collections::HashSet;

use crate::cli::Bind;
use crate::context::{AppContext, unknown_tag_error};
use crate::exit::{CommandError, ExitStatus};
use crate::password;
use crate::secret::{ExposeSecret, Secret};
use crate::store::{Store, User, UserFilter};
use crate::t;
use crate::ui::{self, StdinLine, StdinLines, Ui};

/// The people of the command line, each once, who exist, may be bound, and have given their passwords. `lines` is
/// standard input where the password is only its first line.
pub(super) fn select(
    ui: &Ui,
    app: &AppContext,
    store: &Store,
    args: &Bind,
    lines: Option<&mut StdinLines>,
) -> anyhow::Result<Vec<User>> {
    let people = if args.unbound { all_unbound(app, store, args.tag.as_deref())? } else { by_name(app, store, args)? };
    if args.password_stdin && people.len() > 1 {
        return Err(CommandError::usage(t!("bind-password-several")).hint(t!("bind-password-several-hint")).into());
    }
    // It is there, whether it is asked for or not.
    let given = match lines {
        Some(lines) if args.password_stdin => Some(read_first_line(lines)?),
        _ => None,
    };
    let hint = if people.len() > 1 { t!("bind-password-several-hint") } else { t!("bind-password-missing-hint") };
    for user in &people {
        check_password(ui, user, args, given.as_ref(), &hint)?;
    }
    Ok(people)
}

fn by_name(app: &AppContext, store: &Store, args: &Bind) -> anyhow::Result<Vec<User>> {
    let mut seen = HashSet::new();
    let mut people = Vec::new();
    for name in &args.user {
        let user = app.find_user(store, name)?;
        check_unbound(&user, args.rebind)?;
        if seen.insert(user.id) {
            people.push(user);
        }
    }
    Ok(people)
}

/// Everybody who is not bound, by their names; a tag that nobody has is an error.
fn all_unbound(app: &AppContext, store: &Store, tag: Option<&str>) -> anyhow::Result<Vec<User>> {
    let tag = tag.map(str::trim);
    let mut people = Vec::new();
    store.for_each_user(&UserFilter { tag, bound: Some(false) }, app.app_id(), |user| {
        people.push(user);
        anyhow::Ok(())
    })?;
    if let Some(tag) = tag.filter(|_| people.is_empty())
        && !store.tags()?.iter().any(|it| it == tag)
    {
        return Err(unknown_tag_error(store, tag)?.into());
    }
    Ok(people)
}

/// A person who is bound already is bound anew only on demand.
pub(super) fn check_unbound(user: &User, rebind: bool) -> Result<(), CommandError> {
    match &user.binding {
        Some(binding) if !rebind => {
            let what = t!("bind-already", user = user.username, openid = binding.openid);
            Err(CommandError::not_found(what).hint(t!("bind-already-hint")))
        }
        _ => Ok(()),
    }
}

/// The login of the person who is to be bound, where a password is set; `hint` is for where nobody can be asked.
fn check_password(ui: &Ui, user: &User, args: &Bind, given: Option<&Secret>, hint: &str) -> anyhow::Result<()> {
    let Some(hash) = user.password.as_deref().filter(|_| !args.as_admin) else { return Ok(()) };
    let right = if let Some(given) = given {
        password::verify(given, hash)
    } else if args.password_stdin {
        password::verify(&password::read_stdin()?, hash)
    } else if ui.can_prompt {
        password::verify(&ui::prompt_password(ui, &t!("bind-password-prompt", user = user.username), "")?, hash)
    } else {
        return Err(CommandError::usage(t!("bind-password-missing", user = user.username))
            .hint(hint.to_owned())
            .into());
    };
    if right {
        return Ok(());
    }
    let what = t!("bind-password-wrong", user = user.username);
    Err(CommandError { exit: ExitStatus::Config, message: what, hint: Some(t!("bind-password-wrong-hint")) }.into())
}

fn read_first_line(lines: &mut StdinLines) -> anyhow::Result<Secret> {
    match lines.receiver()?.recv()?? {
        StdinLine::Text(text) if !text.expose_secret().is_empty() => Ok(text),
        _ => Err(CommandError::usage(t!("bind-password-first")).into()),
    }
}

//! Chooses the people to bind, and checks all of them before the first is bound.

use std::collections::HashSet;

use crate::cli::Bind;
use crate::context::{AppContext, require_tag};
use crate::exit::{CommandError, ExitStatus};
use crate::password;
use crate::pickers;
use crate::secret::{ExposeSecret, Secret};
use crate::store::{Store, User, UserFilter};
use crate::t;
use crate::ui::{self, StdinLine, StdinLines, Ui};

/// Returns the people that the command line names, without duplicates. Each exists, may be bound,
/// and has passed the password check. `lines` is standard input if only its first line is the
/// password.
pub(super) fn select(
    ui: &mut Ui,
    app: &AppContext,
    store: &Store,
    args: &Bind,
    lines: Option<&mut StdinLines>,
) -> anyhow::Result<Vec<User>> {
    let users = if args.unbound { all_unbound(app, store, args.tag.as_deref())? } else { by_name(app, store, args)? };
    if args.password_stdin && users.len() > 1 {
        return Err(CommandError::usage(t!("bind-password-several")).hint(t!("bind-password-several-hint")).into());
    }
    // Read the password even if no person needs it: the next line is an address.
    let password = match lines {
        Some(lines) if args.password_stdin => Some(read_first_line(lines)?),
        _ => None,
    };
    let hint = if users.len() > 1 { t!("bind-password-several-hint") } else { t!("bind-password-missing-hint") };
    for user in &users {
        check_password(ui, user, args, password.as_ref(), &hint)?;
    }
    Ok(users)
}

/// Lets the operator pick the people that the command line does not name. To bind a person who is
/// bound already, the operator must confirm it.
pub(super) fn pick(ui: &Ui, app: &AppContext, args: &mut Bind) -> anyhow::Result<()> {
    let store = app.open_existing_store()?;
    let users = match args.openid {
        Some(_) => vec![pickers::pick_user(ui, app, &store)?],
        None => pickers::pick_users_to_bind(ui, app, &store)?,
    };
    for user in users {
        if user.binding.is_some() && !args.rebind {
            args.rebind = ui::confirm(ui, &t!("bind-rebind-ask", user = user.username))?;
            check_unbound(&user, args.rebind)?;
        }
        args.user.push(user.username);
    }
    Ok(())
}

fn by_name(app: &AppContext, store: &Store, args: &Bind) -> anyhow::Result<Vec<User>> {
    let mut seen = HashSet::new();
    let mut users = Vec::new();
    for name in &args.user {
        let user = app.find_user(store, name)?;
        check_unbound(&user, args.rebind)?;
        if seen.insert(user.id) {
            users.push(user);
        }
    }
    Ok(users)
}

/// Returns all people who are not bound, by name. A tag that no person has is an error.
fn all_unbound(app: &AppContext, store: &Store, tag: Option<&str>) -> anyhow::Result<Vec<User>> {
    let tag = tag.map(str::trim);
    let mut users = Vec::new();
    store.for_each_user(&UserFilter { tag, bound: Some(false) }, app.app_id(), |user| {
        users.push(user);
        anyhow::Ok(())
    })?;
    if let Some(tag) = tag.filter(|_| users.is_empty()) {
        require_tag(store, tag)?;
    }
    Ok(users)
}

/// Rejects a person who is bound already, unless `rebind` is set.
pub(super) fn check_unbound(user: &User, rebind: bool) -> Result<(), CommandError> {
    match &user.binding {
        Some(binding) if !rebind => {
            let message = t!("bind-already", user = user.username, openid = binding.openid);
            Err(CommandError::not_found(message).hint(t!("bind-already-hint")))
        }
        _ => Ok(()),
    }
}

/// Checks the password of a person who has one. `hint` is for a run without a terminal.
fn check_password(ui: &mut Ui, user: &User, args: &Bind, password: Option<&Secret>, hint: &str) -> anyhow::Result<()> {
    let Some(hash) = user.password.as_deref().filter(|_| !args.as_admin) else { return Ok(()) };
    let is_correct = if let Some(password) = password {
        password::verify(password, hash)
    } else if args.password_stdin {
        password::verify(&password::read_stdin()?, hash)
    } else if ui.can_prompt {
        prompt_for_password(ui, user, hash)?
    } else {
        return Err(CommandError::usage(t!("bind-password-missing", user = user.username))
            .hint(hint.to_owned())
            .into());
    };
    if is_correct {
        return Ok(());
    }
    let message = t!("bind-password-wrong", user = user.username);
    Err(CommandError { exit: ExitStatus::Config, message, hint: Some(t!("bind-password-wrong-hint")) }.into())
}

/// Asks for the password, again if it is wrong. Returns whether it was right in the end.
fn prompt_for_password(ui: &mut Ui, user: &User, hash: &str) -> anyhow::Result<bool> {
    const MAX_PROMPTS: usize = 3;
    let prompt = t!("bind-password-prompt", user = user.username);
    for left in (0..MAX_PROMPTS).rev() {
        if password::verify(&ui::prompt_password(ui, &prompt)?, hash) {
            return Ok(true);
        }
        if left > 0 {
            ui.warn(&t!("bind-password-wrong", user = user.username));
        }
    }
    Ok(false)
}

fn read_first_line(lines: &mut StdinLines) -> anyhow::Result<Secret> {
    match lines.receiver()?.recv()?? {
        StdinLine::Text(text) if !text.expose_secret().is_empty() => Ok(text),
        _ => Err(CommandError::usage(t!("bind-password-first")).into()),
    }
}

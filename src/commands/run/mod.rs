//! `wxbox run`: a command runs as it would without us, then its end is reported. Nothing of ours keeps it from
//! running, and nothing of ours changes its exit status.

mod child;
mod facts;

use std::time::{Duration, Instant};

use crossbeam_channel::never;
use serde_json::Value;

use crate::app::App;
use crate::cli::{Global, On, Run, Typed};
use crate::commands::compose::notes::Notes;
use crate::commands::compose::recipients::{self, Whom};
use crate::commands::compose::{Said, Saying, content, parcel, work};
use crate::commands::deliver::{self, Delivery};
use crate::config::Flags;
use crate::delivery::Hand;
use crate::error::{Exit, Failure, Report, classify};
use crate::signals::{Bell, Relay};
use crate::store::{Parcel, Store};
use crate::t;
use crate::ui::Ui;
use crate::wechat::message::Content;
use crate::words::{listed, nearest};
use child::Ended;
use facts::Facts;

pub(super) fn run(ui: &mut Ui, global: &Global, args: &Run) -> anyhow::Result<Exit> {
    if args.what.text_option.as_ref().is_some_and(|text| text.text == "-")
        || args.what.data_json.as_deref() == Some("-")
    {
        return Err(Failure::usage(t!("run-stdin")).hint(t!("run-stdin-hint")).into());
    }
    ui.warn_once_each();
    ui.results_on_stderr(|ui| {
        // Whatever would keep the report from being sent is best known now.
        let trouble = ready(ui, global, args, (&Ended::Status(0), Duration::ZERO)).err().map(|error| classify(&error));
        if let Some(Report { exit, what, hint }) = &trouble {
            let what = t!("run-cannot-report", cause = what);
            ui.error(&Report { exit: *exit, what, hint: hint.clone() });
        }
        let began = Instant::now();
        let mut relay = Relay::begin()?;
        let ended = child::run(&mut relay, &args.command)?;
        let took = began.elapsed();
        let exit = Exit::Command(ended.status());
        if let Ended::NotStarted(error) = &ended {
            let program = args.command.first().map(|word| word.to_string_lossy()).unwrap_or_default();
            let what = t!("run-not-started", program = program, cause = *error);
            ui.error(&Report { exit, what, hint: child::hint(error) });
        }
        let good = ended.status() == 0;
        if args.on == On::Always || good == (args.on == On::Success) {
            // Not a moment without either: a signal to all of us must not keep the end from being reported.
            let bell = Bell::begin()?;
            drop(relay);
            report(ui, global, args, (&ended, took), trouble.as_ref(), bell);
        }
        Ok(exit)
    })
}

/// How a command ended, and after how long.
type End<'a> = (&'a Ended, Duration);

/// Queues and delivers; what goes wrong is said, and was said already if it went wrong before the command began.
fn report(ui: &mut Ui, global: &Global, args: &Run, end: End<'_>, said: Option<&Report>, bell: Bell) {
    match ready(ui, global, args, end)
        .and_then(|(app, store, parcel)| Ok((delivery(&app, store, args)?, work(parcel)?)))
    {
        Ok((it, work)) => {
            // What became of the messages has been said.
            if let Err(error) = deliver::with(ui, it, work, bell, never(), deliver::show) {
                ui.error(&classify(&error));
            }
        }
        Err(error) => {
            let Report { exit, what, hint } = classify(&error);
            if said.is_none_or(|said| said.what != what) {
                ui.error(&Report { exit, what: t!("run-not-reported", cause = what), hint });
            }
        }
    }
}

fn delivery(app: &App, store: Store, args: &Run) -> anyhow::Result<Delivery> {
    let hand = Hand::begin(app.settings())?.ready()?;
    let mut it = Delivery { store, hand, orders: deliver::orders(app)? };
    it.orders.deliver = !args.how.no_wait;
    Ok(it)
}

/// Everything up to the message, as `send` has it, with a word about names that stand for nothing.
fn ready(ui: &mut Ui, global: &Global, args: &Run, (ended, took): End<'_>) -> anyhow::Result<(App, Store, Parcel)> {
    let flags = Flags { expire_after: args.how.expire_after, ..Flags::default() };
    let mut app = App::open(ui, global, flags)?;
    // Not before the config has said in which language.
    let facts = &Facts::of(&args.command, ended, took);
    let default = args.what.text_option.is_none().then(|| Typed::from(facts.text().as_str()));
    let mut notes = Notes::new(args.what.strict);
    let mut content = content::of(default.as_ref(), &args.what, &app.config, &mut notes)?;
    // What facts.text() says is not looked through once more.
    if default.is_none() || args.what.template.is_some() {
        let mut fill = |text: &mut String| {
            facts.strangers(text).iter().for_each(|name| warn_of(ui, facts, name));
            *text = facts.fill(text);
        };
        each_text(&mut content, &mut fill);
    }
    // A fallback is made of these.
    for (_, value) in app.config.templates.values_mut().flat_map(|template| &mut template.data) {
        value.value.value = facts.fill(&value.value.value);
    }
    let account = app.account()?;
    let mut store = app.store_as_found()?;
    let to = recipients::resolve(ui, &app, &store, &Whom { user: &args.user, tag: &args.tag, ..Whom::default() })?;
    let said = Said::from(content).named(args.what.template.as_deref()).fit(false, &mut notes);
    // `run` has no --split to hint at.
    let said = said.map_err(|failure| failure.hint(t!("send-text-long-hint")))?;
    let saying = Saying { said, notes, how: &args.how };
    let parcel = parcel(ui, &app, &mut store, Some(&account), saying, to)?;
    Ok((app, store, parcel))
}

/// A name in braces that is sent as it is, since nothing is known by it.
fn warn_of(ui: &mut Ui, facts: &Facts, name: &str) {
    let what = match nearest(&name.to_lowercase(), facts.names().map(str::to_owned)) {
        Some(near) => t!("did-you-mean", name = format!("{{{near}}}")),
        None => t!("run-names", names = listed(facts.names().map(|name| format!("{{{name}}}")))),
    };
    ui.warn(&t!("ui-clauses", first = t!("run-stranger", name = name), rest = what));
}

/// Each text of a message that facts may stand in.
fn each_text(content: &mut Content, fill: &mut impl FnMut(&mut String)) {
    match content {
        Content::Text { content, .. } => fill(content),
        Content::Template { data, .. } => {
            for value in data.values_mut().filter_map(|field| field.get_mut("value")) {
                if let Value::String(text) = value {
                    fill(text);
                }
            }
        }
        // `run` sends no other.
        Content::Custom { .. } | Content::Subscribe { .. } | Content::Once { .. } => {}
    }
}

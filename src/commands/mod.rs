//! The commands, one file or folder each. A command imports no other command except `delivery`.

mod backup;
mod bind;
mod config;
mod delivery;
mod demo;
mod docs;
mod doctor;
mod event;
mod explain;
mod follower;
mod init;
mod media;
mod outbox;
mod quota;
mod run;
mod sandbox;
mod send;
mod serve;
mod template;
mod token;
mod user;

use crate::cli::{Cli, Command};
use crate::exit::ExitStatus;
use crate::ui::Ui;

/// Runs the command.
///
/// # Errors
///
/// [`crate::report::classify`] maps the error to an exit status.
pub fn run(cli: Cli, ui: &mut Ui) -> anyhow::Result<ExitStatus> {
    if !ui.can_ask()
        && let Some(error) = cli.missing_argument()
    {
        return Err(error.into());
    }
    let Cli { global, command } = cli;
    match command {
        Command::User(user) => user::run(ui, &global, user),
        Command::Bind(bind) => bind::run(ui, &global, bind),
        Command::Unbind(unbind) => bind::unbind::run(ui, &global, &unbind),
        Command::Send(send) => send::run(ui, &global, *send),
        Command::Run(run) => run::run(ui, &global, &run),
        Command::Serve(serve) => serve::run(ui, &global, &serve),
        Command::Event(event) => event::run(ui, &global, &event),
        Command::Outbox(outbox) => outbox::run(ui, &global, &outbox),
        Command::Template(template) => template::run(ui, &global, &template),
        Command::Media(media) => media::run(ui, &global, &media),
        Command::Follower(follower) => follower::run(ui, &global, &follower),
        Command::Quota(quota) => quota::run(ui, &global, &quota),
        Command::Explain(explain) => explain::run(ui, &global, &explain),
        Command::Init(init) => init::run(ui, &global, &init),
        Command::Doctor(doctor) => doctor::run(ui, &global, &doctor),
        Command::Config(config) => config::run(ui, &global, &config),
        Command::Token(token) => token::run(ui, &global, &token),
        Command::Backup(backup) => backup::run(ui, &global, &backup),
        Command::Sandbox(sandbox) => sandbox::run(ui, &sandbox),
        Command::Demo => demo::run(ui),
        Command::Completions(completions) => docs::print_completions(ui, &completions),
        Command::Man(man) => docs::write_man_pages(ui, &global, &man),
        Command::Help(help) => docs::print_help(ui, &global, &help),
    }
}

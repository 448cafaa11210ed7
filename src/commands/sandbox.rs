//! `wxbox sandbox`: the local stand-in for the WeChat platform, until Ctrl-C.

use std::fmt;

use crossbeam_channel::{select, unbounded};
use serde::Serialize;

use super::port;
use crate::cli::Sandbox as Args;
use crate::error::{Exit, Failure};
use crate::http::Limits;
use crate::sandbox::{Listening, Sandbox, World};
use crate::signals::Watch;
use crate::t;
use crate::ui::{Ui, facts};

/// Where the sandbox is; in words also what there is in it.
#[derive(Serialize)]
struct Shown<'a> {
    #[serde(flatten)]
    listening: &'a Listening,
    #[serde(skip)]
    world: &'a World,
}

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}\n", self.listening)?;
        let people = self.world.people.iter().map(|person| {
            let about = match (person.follows, person.wrote) {
                (false, _) => t!("sandbox-person-away"),
                (true, false) => t!("sandbox-person-silent"),
                (true, true) => t!("sandbox-person-wrote"),
            };
            (person.name.clone(), format!("{}  {about}", person.openid.as_deref().unwrap_or("-")))
        });
        let people: Vec<_> = people.collect();
        writeln!(f, "{}\n{}\n", t!("sandbox-people"), facts(&people))?;
        let templates: Vec<_> =
            self.world.templates.iter().map(|template| (template.title.clone(), template.id.clone())).collect();
        writeln!(f, "{}\n{}\n", t!("sandbox-templates"), facts(&templates))?;
        let library = self.world.library.iter().map(|template| {
            let keywords: Vec<&str> = template.keywords.iter().map(|keyword| keyword.name.as_str()).collect();
            (template.number.clone(), format!("{}  {}", template.title, keywords.join(", ")))
        });
        let library: Vec<_> = library.collect();
        writeln!(f, "{}\n{}\n", t!("sandbox-library"), facts(&library))?;
        f.write_str(&t!("sandbox-stop"))
    }
}

pub(super) fn run(ui: &mut Ui, args: &Args) -> anyhow::Result<Exit> {
    let listen = port::address(&args.listen)?;
    let world = match &args.world {
        None => World::default(),
        Some(path) => {
            let failure = |cause: String| Failure {
                exit: Exit::Config,
                what: t!("sandbox-world", path = path, cause = cause),
                hint: None,
            };
            let text = std::fs::read_to_string(path).map_err(|e| failure(e.to_string()))?;
            World::from_toml(&text).map_err(|e| failure(e.to_string()))?
        }
    };
    let world = world.with_openids();
    let signals = Watch::begin()?;
    let door = port::take(&listen, &Limits::sandbox(), &t!("sandbox-port-hint"))?;
    let address = door.local_addr();
    if !address.ip().is_loopback() {
        ui.warn(&t!("sandbox-open", address = address.to_string()));
    }
    let (tell, lines) = unbounded();
    let shown = world.clone();
    let sandbox = Sandbox::start(world, door, move |line| {
        // Nobody listens once the sandbox is being stopped.
        let _ = tell.send(line.clone());
    })?;
    ui.data(&Shown { listening: sandbox.listening(), world: &shown })?;
    loop {
        select! {
            recv(lines) -> line => ui.done(&line?)?,
            recv(signals.events) -> signal => return Ok(signal?.exit()),
        }
    }
}

//! What a run does between two turns: it is over, it waits for an event, or it goes on at once.

use std::time::{Duration, Instant};

use crossbeam_channel::Select;

use super::desk::Desk;

/// How often is looked at what other processes have of this run's messages.
const LOOK: Duration = Duration::from_millis(200);
/// The longest wait while no request is under way: nothing that is missed holds a run up for good.
const LONGEST_WAIT: Duration = Duration::from_secs(1);

/// What a run does after a turn in which nothing happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// Nothing is left that it could do.
    Over,
    /// It waits for an event.
    Wait,
    /// It has another turn at once: it has got something to do.
    Turn,
}

impl Desk<'_> {
    /// What this run does next, where nothing came of a turn.
    pub(super) fn next(&mut self) -> anyhow::Result<Next> {
        if !self.board.flying.is_empty() {
            return Ok(Next::Wait);
        }
        if self.deadline.is_some() {
            return Ok(Next::Over);
        }
        if self.halted {
            self.let_go()?;
            return Ok(if self.parcels.is_none() { Next::Over } else { Next::Wait });
        }
        let board = &self.board;
        let taken = !board.due && board.ranges.is_empty() && self.parcels.is_none();
        let idle = taken && board.ready.is_empty() && board.later.is_empty() && board.shelf.is_empty();
        if idle { self.look_elsewhere() } else { Ok(Next::Wait) }
    }

    /// Waits until something happens, or is due.
    pub(super) fn wait(&mut self) {
        let board = &self.board;
        let paused = self.pause.until();
        // What is due while nothing can be taken is no reason to wake.
        let can_take = !self.halted && self.deadline.is_none() && paused.is_none() && self.access.is_ready();
        // What is taken already waits for the pace as well.
        let later = if board.room() > 0 { board.later.next() } else { None };
        let due = if can_take { [self.pace.next(), later] } else { [None; 2] };
        let idle = board.flying.is_empty() && self.parcels.is_none();
        let rest = [
            paused,
            self.deadline,
            (!board.elsewhere.is_empty()).then(|| Instant::now() + LOOK),
            idle.then(|| Instant::now() + LONGEST_WAIT),
        ];
        let mut select = Select::new();
        select.recv(self.crew.done());
        select.recv(self.porter.done());
        select.recv(self.access.answers());
        select.recv(&self.stopped);
        let wants_parcels = self.deadline.is_none() && (self.halted || board.room() > 0 && board.ranges.is_empty());
        if let Some(parcels) = self.parcels.as_ref().filter(|_| wants_parcels) {
            select.recv(parcels);
        }
        match rest.into_iter().chain(due).flatten().min() {
            Some(next) => drop(select.ready_deadline(next)),
            None => drop(select.ready()),
        }
    }
}

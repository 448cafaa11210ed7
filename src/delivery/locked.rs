//! A database that another process keeps locked. While messages are under way, this run alone knows, or will know, what
//! came of them: to give up would make of each that arrived one that may have arrived. So it waits then, for as long as
//! it takes or until somebody wants to leave. With nothing under way nothing is lost, and it gives up in time.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use crossbeam_channel::Receiver;

use super::{Event, Teller};

/// How often is looked whether somebody wants to leave.
pub(super) const LOOK: Duration = Duration::from_millis(200);

/// A wait for the database, once it has begun.
pub(super) struct Wait<'a> {
    pub(super) tell: &'a Teller,
    pub(super) database: PathBuf,
    /// Messages under way.
    pub(super) messages: usize,
    /// How long one waits with nothing under way.
    pub(super) patience: Duration,
    pub(super) stopped: &'a Receiver<Instant>,
    /// Somebody wants to leave: what is under way has until then.
    pub(super) deadline: &'a mut Option<Instant>,
    pub(super) begun: Instant,
    pub(super) said: bool,
}

impl Wait<'_> {
    /// Whether to wait on.
    pub(super) fn goes_on(&mut self) -> bool {
        if let Ok(deadline) = self.stopped.try_recv() {
            *self.deadline = Some(deadline);
        }
        let under_way = self.messages > 0;
        match *self.deadline {
            Some(deadline) => under_way && Instant::now() < deadline,
            None if !under_way => self.begun.elapsed() < self.patience,
            None => {
                // Most processes are done with it in no time.
                if !self.said && self.begun.elapsed() >= self.patience / 10 {
                    self.said = true;
                    let (database, messages) = (self.database.clone(), self.messages);
                    self.tell.tell(Event::Locked { database, messages });
                }
                true
            }
        }
    }
}

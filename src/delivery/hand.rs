//! The thread that delivers. It is there before there is anything to deliver, and makes its HTTP client while the
//! command opens the database: neither waits for the other.

use std::hint::black_box;
use std::io;

use crossbeam_channel::{Receiver, Sender, bounded};

use crate::time::Moment;
use crate::wechat::{self, Client, Settings};

/// Bytes that the delivery of one message takes, about.
const WORK: usize = 120 << 10;

/// What it is to do with the client.
type Task = Box<dyn FnOnce(Client) + Send>;

/// A thread with an HTTP client; nothing is sent before it is told to.
pub struct Hand {
    tasks: Sender<Task>,
    made: Receiver<Result<(), wechat::Error>>,
}

impl Hand {
    /// Begins to make the client.
    ///
    /// # Errors
    /// The system's, where it gives no thread.
    pub fn begin(settings: Settings) -> io::Result<Self> {
        let ((tasks, task), (tell, made)) = (bounded::<Task>(1), bounded(1));
        std::thread::Builder::new().name("delivery".into()).spawn(move || {
            let client = Client::new(&settings);
            let (client, said) = match client {
                Ok(client) => (Some(client), Ok(())),
                Err(error) => (None, Err(error)),
            };
            // Nobody listens, and nothing comes, where the command has ended for another reason.
            let _ = tell.send(said);
            warm_up();
            if let (Some(client), Ok(task)) = (client, task.recv()) {
                task(client);
            }
        })?;
        Ok(Self { tasks, made })
    }

    /// Waits until the client is made.
    ///
    /// # Errors
    /// [`wechat::Error::Setup`] where the proxy or the CA file cannot be used.
    pub fn ready(self) -> Result<ReadyHand, wechat::Error> {
        // A thread that is gone without a word has panicked, and the process ends.
        self.made.recv().unwrap_or(Ok(()))?;
        Ok(ReadyHand { tasks: self.tasks })
    }
}

/// What a thread needs at first takes long, a little at a time: it is done while there is nothing else to do.
fn warm_up() {
    // The boot is looked up once.
    let _ = Moment::now();
    // The system gives memory page by page, the allocator in steps of a page.
    drop(black_box(vec![1_u8; WORK]));
}

/// A [`Hand`] whose client is made.
pub struct ReadyHand {
    tasks: Sender<Task>,
}

impl ReadyHand {
    /// Has it done, once.
    pub(super) fn give(self, task: impl FnOnce(Client) + Send + 'static) {
        // The other end waits for it.
        let _ = self.tasks.send(Box::new(task));
    }
}

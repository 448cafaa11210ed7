//! The thread that delivers. It is there before there is anything to deliver, and makes its HTTP client while the
//! command opens the database: neither waits for the other.

use std::hint::black_box;
use std::io;

use crossbeam_channel::{Receiver, Sender, bounded};

use crate::clock::ClockReading;
use crate::wechat::{self, Client, ClientSettings};

/// Bytes that the delivery of one message takes, about.
const PREFAULT_BYTES: usize = 120 << 10;

/// What it is to do with the client.
type DeliveryTask = Box<dyn FnOnce(Client) + Send>;

/// A thread with an HTTP client; nothing is sent before it is told to.
pub struct DeliveryThread {
    task_sender: Sender<DeliveryTask>,
    client_result: Receiver<Result<(), wechat::Error>>,
}

impl DeliveryThread {
    /// Begins to make the client.
    ///
    /// # Errors
    /// The system's, where it gives no thread.
    pub fn start(settings: ClientSettings) -> io::Result<Self> {
        let ((task_sender, task), (result_sender, client_result)) = (bounded::<DeliveryTask>(1), bounded(1));
        std::thread::Builder::new().name("delivery".into()).spawn(move || {
            let client = Client::new(&settings);
            let (client, result) = match client {
                Ok(client) => (Some(client), Ok(())),
                Err(error) => (None, Err(error)),
            };
            // Nobody listens, and nothing comes, where the command has ended for another reason.
            let _ = result_sender.send(result);
            warm_up();
            if let (Some(client), Ok(task)) = (client, task.recv()) {
                task(client);
            }
        })?;
        Ok(Self { task_sender, client_result })
    }

    /// Waits until the client is made.
    ///
    /// # Errors
    /// [`wechat::Error::Setup`] where the proxy or the CA file cannot be used.
    pub fn wait_ready(self) -> Result<ReadyDeliveryThread, wechat::Error> {
        // A thread that is gone without a word has panicked, and the process ends.
        self.client_result.recv().unwrap_or(Ok(()))?;
        Ok(ReadyDeliveryThread { task_sender: self.task_sender })
    }
}

/// What a thread needs at first takes long, a little at a time: it is done while there is nothing else to do.
fn warm_up() {
    // The boot is looked up once.
    let _ = ClockReading::now();
    // The system gives memory page by page, the allocator in steps of a page.
    drop(black_box(vec![1_u8; PREFAULT_BYTES]));
}

/// A [`Hand`] whose client is made.
pub struct ReadyDeliveryThread {
    task_sender: Sender<DeliveryTask>,
}

impl ReadyDeliveryThread {
    /// Has it done, once.
    pub(super) fn run(self, task: impl FnOnce(Client) + Send + 'static) {
        // The other end waits for it.
        let _ = self.task_sender.send(Box::new(task));
    }
}

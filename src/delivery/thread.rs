//! The threads of a run: the delivery thread, which exists before there is anything to deliver and makes its HTTP client
//! while the command opens the database, so that neither waits for the other; and short-lived ones, which run inline
//! where the system gives no thread.

use std::hint::black_box;
use std::io;

use crossbeam_channel::{Receiver, Sender, bounded};

use crate::clock::ClockReading;
use crate::wechat::{self, Client, ClientSettings};
use crate::{i18n, t};

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

/// Does `work` on a thread of that name; where the system gives none, here and now: slower, and done all the same.
pub(super) fn spawn_or_run_inline(name: &str, work: impl FnOnce() + Send + 'static) {
    // A failed start takes what it was given with it: the work is handed over beside it.
    let (sender, receiver) = bounded(1);
    let thread_receiver = receiver.clone();
    let _ = sender.send(work);
    let thread = std::thread::Builder::new().name(name.to_owned());
    if let Err(error) = thread.spawn(move || thread_receiver.try_iter().for_each(|work| work())) {
        log::info!("{}", t!("delivery-no-thread", count = 0, cause = i18n::io_error_text(&error)));
        receiver.try_iter().for_each(|work| work());
    }
}

//! The threads of a run: the delivery thread, which exists before there is anything to deliver and
//! creates its HTTP client while the command opens the database, so that neither waits for the
//! other; and short-lived ones, which run inline if the system refuses a thread.

use std::hint::black_box;
use std::io;

use crossbeam_channel::{Receiver, Sender, bounded};

use crate::clock::ClockReading;
use crate::wechat::{self, Client, ClientSettings};
use crate::{i18n, t};

/// About the bytes that the delivery of one message allocates.
const PREFAULT_BYTES: usize = 120 << 10;

/// The work that the thread does with the client.
type DeliveryTask = Box<dyn FnOnce(Client) + Send>;

/// A thread that owns an HTTP client; it sends nothing before it gets a task.
pub struct DeliveryThread {
    task_sender: Sender<DeliveryTask>,
    client_result: Receiver<Result<(), wechat::Error>>,
}

impl DeliveryThread {
    /// Spawns the thread, which creates the client.
    ///
    /// # Errors
    ///
    /// Fails if the system refuses a thread.
    pub fn start(settings: ClientSettings) -> io::Result<Self> {
        let ((task_sender, task), (result_sender, client_result)) = (bounded::<DeliveryTask>(1), bounded(1));
        std::thread::Builder::new().name("delivery".into()).spawn(move || {
            let client = Client::new(&settings);
            let (client, result) = match client {
                Ok(client) => (Some(client), Ok(())),
                Err(error) => (None, Err(error)),
            };
            // The command may have ended for another reason; then nothing listens and no task
            // comes.
            let _ = result_sender.send(result);
            warm_up();
            if let (Some(client), Ok(task)) = (client, task.recv()) {
                task(client);
            }
        })?;
        Ok(Self { task_sender, client_result })
    }

    /// Waits until the client exists.
    ///
    /// # Errors
    ///
    /// [`wechat::Error::ClientInit`] if the proxy or the CA file cannot be used.
    pub fn wait_ready(self) -> Result<ReadyDeliveryThread, wechat::Error> {
        // A thread that ends without a result has panicked, which ends the process.
        self.client_result.recv().unwrap_or(Ok(()))?;
        Ok(ReadyDeliveryThread { task_sender: self.task_sender })
    }
}

/// Does what the first message would otherwise pay for, while the thread has nothing else to do.
fn warm_up() {
    // The boot ID is read once.
    let _ = ClockReading::now();
    // The kernel maps memory page by page on first use.
    drop(black_box(vec![1_u8; PREFAULT_BYTES]));
}

/// A [`DeliveryThread`] whose client exists.
pub struct ReadyDeliveryThread {
    task_sender: Sender<DeliveryTask>,
}

impl ReadyDeliveryThread {
    /// Runs the task on the thread.
    pub(super) fn run(self, task: impl FnOnce(Client) + Send + 'static) {
        // The thread waits for a task, so this cannot fail.
        let _ = self.task_sender.send(Box::new(task));
    }
}

/// Runs `work` on a thread with this name, or inline if the system refuses a thread.
pub(super) fn spawn_or_run_inline(name: &str, work: impl FnOnce() + Send + 'static) {
    // A failed spawn drops its closure, so `work` is passed through a channel.
    let (sender, receiver) = bounded(1);
    let thread_receiver = receiver.clone();
    let _ = sender.send(work);
    let thread = std::thread::Builder::new().name(name.to_owned());
    if let Err(error) = thread.spawn(move || thread_receiver.try_iter().for_each(|work| work())) {
        log::info!("{}", t!("delivery-no-thread", count = 0, cause = i18n::io_error_text(&error)));
        receiver.try_iter().for_each(|work| work());
    }
}

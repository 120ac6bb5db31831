//! Waiting.

use crate::abi::layout::{self, EVENT_SIZE};
use crate::abi::{Call, Region};
use crate::system::{Errno, Event, Result, Subscription};

/// More subscriptions than this are `ENOMEM`: each costs the host memory.
const MAX_SUBSCRIPTIONS: u32 = 1 << 20;

pub fn poll_oneoff(call: &mut Call<'_>) -> Result<()> {
    let count = call.u32(2);
    let size = call.version.subscription_size();
    let list = call.region(0, u64::from(count) * size as u64)?;
    let events = call.region(1, u64::from(count) * EVENT_SIZE as u64)?;
    let result = call.region(3, 4)?;
    if count > MAX_SUBSCRIPTIONS {
        return Err(Errno::NoMem);
    }
    // Copied before the first event is written: the two lists may overlap.
    let mut subscriptions: Vec<Subscription> = Vec::with_capacity(list.len() / size);
    for at in (0..list.len()).step_by(size) {
        subscriptions.push(call.version.read_subscription(&list, at)?);
    }
    let happened = call.system.poll_oneoff(&subscriptions)?;
    write_events(&events, &happened);
    // At most one event a subscription.
    result.write_u32(0, happened.len() as u32);
    Ok(())
}

fn write_events(to: &Region<'_>, events: &[Event]) {
    for (index, event) in events.iter().enumerate() {
        layout::write_event(to, index * EVENT_SIZE, event);
    }
}

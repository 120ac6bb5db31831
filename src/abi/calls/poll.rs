//! Waiting.

use crate::abi::Call;
use crate::abi::layout::{self, EVENT_SIZE};
use crate::system::{Errno, Result, Subscription};

/// More subscriptions than this are `ENOMEM`: each costs the host memory.
const MAX_SUBSCRIPTIONS: u32 = 1 << 20;

/// What reading one, or writing an event, costs.
const COST: usize = 64;

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
    let mut pace = call.system.pace();
    for at in (0..list.len()).step_by(size) {
        pace.step(COST)?;
        subscriptions.push(call.version.read_subscription(&list, at)?);
    }
    let happened = call.system.poll_oneoff(&subscriptions)?;
    for (index, event) in happened.iter().enumerate() {
        pace.step(COST)?;
        layout::write_event(&events, index * EVENT_SIZE, event);
    }
    // At most one event a subscription.
    result.write_u32(0, happened.len() as u32);
    Ok(())
}

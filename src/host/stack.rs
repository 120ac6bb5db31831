//! The stack of a thread.
#![allow(unsafe_code)] // Asks the C library where it is.

use std::cell::OnceCell;

thread_local! {
    static END: OnceCell<Option<usize>> = const { OnceCell::new() };
}

/// Bytes of the stack of this thread that are not used yet. `None` where that can't be told.
pub fn stack_left() -> Option<usize> {
    let here = 0_u8;
    let end = END.with(|known| *known.get_or_init(end))?;
    Some((&raw const here).addr().saturating_sub(end))
}

/// The lowest address. Stacks grow downwards.
#[cfg(target_os = "linux")]
fn end() -> Option<usize> {
    let (start, size) = region()?;
    if !super::Thread::current().is_main() {
        return Some(start);
    }
    // The kernel lets this one grow up to the limit, and some C libraries only know what it has so
    // far: https://man7.org/linux/man-pages/man3/pthread_getattr_np.3.html
    let limit = rustix::process::getrlimit(rustix::process::Resource::Stack).current;
    Some(limit.map_or(start, |limit| (start + size).saturating_sub(limit as usize)))
}

/// Where it starts without the guard, and its size.
#[cfg(target_os = "linux")]
fn region() -> Option<(usize, usize)> {
    let mut attributes = std::mem::MaybeUninit::<libc::pthread_attr_t>::uninit();
    let (mut start, mut size, mut guard) = (std::ptr::null_mut(), 0, 0);
    // SAFETY: writes to locals. The attributes are read only if they have been written, and freed.
    unsafe {
        if libc::pthread_getattr_np(libc::pthread_self(), attributes.as_mut_ptr()) != 0 {
            return None;
        }
        let told = libc::pthread_attr_getstack(attributes.as_ptr(), &mut start, &mut size)
            | libc::pthread_attr_getguardsize(attributes.as_ptr(), &mut guard);
        libc::pthread_attr_destroy(attributes.as_mut_ptr());
        (told == 0).then(|| (start.addr() + guard, size.saturating_sub(guard)))
    }
}

/// The lowest address. Stacks grow downwards.
#[cfg(target_vendor = "apple")]
fn end() -> Option<usize> {
    // SAFETY: of this thread, and nothing is written.
    let (top, size) = unsafe {
        let thread = libc::pthread_self();
        (libc::pthread_get_stackaddr_np(thread), libc::pthread_get_stacksize_np(thread))
    };
    Some(top.addr() - size)
}

#[cfg(not(any(target_os = "linux", target_vendor = "apple")))]
fn end() -> Option<usize> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thread_knows_how_much_it_has_left() {
        let size = 1 << 20;
        let thread = std::thread::Builder::new().stack_size(size);
        let left = thread.spawn(|| {
            let used = [1_u8; 100 << 10];
            (std::hint::black_box(used)[0], stack_left())
        });
        let (_, left) = left.expect("a thread").join().expect("no panic");
        let left = left.expect("a stack");
        assert!((size / 2..size - (100 << 10)).contains(&left), "{left}");
    }
}

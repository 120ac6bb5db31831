//! The imports of guests, made from the function table.
#![allow(unsafe_code)] // Raw arguments, and guest memory for the time of a call.

use std::mem::MaybeUninit;

use wasmtime::{Caller, Engine, Extern, FuncType, Linker, Memory, ValRaw, ValType};

use super::ending::Stop;
use super::life::Reason;
use super::store::Guest;
use super::wasi::MODULES;
use crate::abi::{self, Call, FUNCTIONS, Failure, Function, MAX_PARAMETERS, ValueType, Version};
use crate::system::Errno;

pub(super) fn linker(engine: &Engine) -> Linker<Guest> {
    let mut linker = Linker::new(engine);
    for (module, version) in MODULES {
        for function in FUNCTIONS {
            define(&mut linker, module, version, function);
        }
    }
    linker
}

fn define(linker: &mut Linker<Guest>, module: &str, version: Version, function: &'static Function) {
    let parameters: Vec<ValType> = function.value_types().map(value_type).collect();
    let results = function.returns_errno().then_some(ValType::I32);
    let signature = FuncType::new(linker.engine(), parameters, results);
    let host = move |caller: Caller<'_, Guest>, values: &mut [MaybeUninit<ValRaw>]| {
        // SAFETY: the engine has put as many values there as the signature has parameters.
        let arguments = unsafe { read_arguments(function, values) };
        let errno = call(caller, function, version, &arguments)?;
        if let Some(result) = values.first_mut().filter(|_| function.returns_errno()) {
            result.write(ValRaw::i32(errno));
        }
        Ok(())
    };
    // SAFETY: the closure reads the parameters and writes the result that the signature says.
    let defined = unsafe { linker.func_new_unchecked(module, function.name, signature, host) };
    defined.expect("every name is defined once");
}

fn value_type(kind: ValueType) -> ValType {
    match kind {
        ValueType::I32 => ValType::I32,
        ValueType::I64 => ValType::I64,
    }
}

/// # Safety
///
/// `values` must hold the parameters of `function`.
unsafe fn read_arguments(
    function: &Function,
    values: &[MaybeUninit<ValRaw>],
) -> [u64; MAX_PARAMETERS] {
    let mut arguments = [0; MAX_PARAMETERS];
    for ((argument, kind), value) in arguments.iter_mut().zip(function.value_types()).zip(values) {
        // SAFETY: the caller's promise.
        let value = unsafe { value.assume_init_ref() };
        *argument = match kind {
            ValueType::I32 => value.get_u32().into(),
            ValueType::I64 => value.get_u64(),
        };
    }
    arguments
}

/// The errno, as the guest gets it.
fn call(
    mut caller: Caller<'_, Guest>,
    function: &Function,
    version: Version,
    arguments: &[u64; MAX_PARAMETERS],
) -> wasmtime::Result<i32> {
    let memory = memory(&mut caller)?;
    let (start, size) = (memory.data_ptr(&caller), memory.data_size(&caller));
    let guest = caller.data_mut();
    // SAFETY: linear memory, which stays where it is until the guest goes on. It is not shared:
    // `memory` gives no other, and the guest has one thread.
    let memory = unsafe { abi::Memory::new(start, size, false) };
    let system = &mut guest.system;
    let result = abi::call(function, &mut Call { system, memory, version, arguments }, guest.trace);
    if guest.wrote_too_much().is_some() {
        guest.life.end(Reason::MaxBuffer);
    }
    if guest.signal.is_set() {
        // If there is no other reason yet, the thread is being terminated.
        guest.life.end(Reason::Abort);
    }
    match result {
        Err(Failure::Exit(code)) => Err(wasmtime::Error::new(Stop::Exit(code))),
        _ if guest.life.reason().is_some() => Err(wasmtime::Error::new(Stop::Ended)),
        Err(Failure::Errno(errno)) => Ok(abi::errno::number(errno).into()),
        Ok(()) => Ok(Errno::Success as i32),
    }
}

/// The exported memory; while a start function runs, it must be looked up by name.
fn memory(caller: &mut Caller<'_, Guest>) -> wasmtime::Result<Memory> {
    if let Some(memory) = caller.data().memory {
        return Ok(memory);
    }
    match caller.get_export("memory") {
        Some(Extern::Memory(memory)) => Ok(memory),
        _ => Err(wasmtime::Error::msg("the program exports no memory of its own")),
    }
}

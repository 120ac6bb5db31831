;; A command that never ends. Its name says how: by its first letter it computes, sleeps or reads.
(module
  (import "wasi_snapshot_preview1" "args_get" (func $args_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_read" (func $fd_read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "poll_oneoff" (func $poll_oneoff (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)

  ;; A subscription to a clock: an hour from now on the monotonic one.
  (data (i32.const 16) "\01\00\00\00")
  (data (i32.const 24) "\00\a0\b8\30\46\03\00\00")
  ;; An iovec.
  (data (i32.const 64) "\00\02\00\00\00\01\00\00")

  (func (export "_start")
    (drop (call $args_get (i32.const 256) (i32.const 512)))
    (if (i32.eq (i32.load8_u (i32.const 512)) (i32.const 115 (; s ;)))
      (then (drop (call $poll_oneoff (i32.const 0) (i32.const 128) (i32.const 1) (i32.const 192))) (return)))
    (if (i32.eq (i32.load8_u (i32.const 512)) (i32.const 114 (; r ;)))
      (then (drop (call $fd_read (i32.const 0) (i32.const 64) (i32.const 1) (i32.const 72))) (return)))
    (loop $for_ever (br $for_ever))))

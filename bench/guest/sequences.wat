;; Loops of several calls that belong together. Each export takes how often first and gives -1 when
;; all went well, an errno, -2 for a count of bytes that is too small, -3 when memory did not grow.
;; Addresses below 64 are for results; the runner places everything else.
(module
  (import "wasi_snapshot_preview1" "args_sizes_get" (func $args_sizes_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_close" (func $fd_close (param i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_read" (func $fd_read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_readdir" (func $fd_readdir (param i32 i32 i32 i64 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_seek" (func $fd_seek (param i32 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_create_directory" (func $mkdir (param i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_open"
    (func $path_open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_remove_directory" (func $rmdir (param i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_rename" (func $rename (param i32 i32 i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_unlink_file" (func $unlink (param i32 i32 i32) (result i32)))

  (memory (export "memory") 64 65536)

  ;; How many entries the last pass of `readdir` saw.
  (global $entries (export "entries") (mut i32) (i32.const 0))

  ;; One call, with the signature it has in the `loops` modules: for the runner to open files.
  (func (export "path_open")
    (param $n i32) (param $expect i32) (param $dir i32) (param $flags i32) (param $path i32) (param $length i32)
    (param $oflags i32) (param $base i64) (param $inheriting i64) (param $fdflags i32) (param $out i32) (result i32)
    (local $e i32)
    (local.set $e (call $path_open (local.get $dir) (local.get $flags) (local.get $path) (local.get $length)
      (local.get $oflags) (local.get $base) (local.get $inheriting) (local.get $fdflags) (local.get $out)))
    (select (i32.const -1) (local.get $e) (i32.eq (local.get $e) (local.get $expect))))

  (func (export "open_close")
    (param $n i32) (param $dir i32) (param $path i32) (param $length i32) (param $rights i64) (result i32)
    (local $e i32)
    (loop $again
      (if (local.tee $e (call $path_open (local.get $dir) (i32.const 0) (local.get $path) (local.get $length)
            (i32.const 0) (local.get $rights) (i64.const 0) (i32.const 0) (i32.const 16)))
        (then (return (local.get $e))))
      (if (local.tee $e (call $fd_close (i32.load (i32.const 16)))) (then (return (local.get $e))))
      (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (i32.const -1))

  ;; 5 is O_CREAT | O_EXCL: the file must not have been there.
  (func (export "create_unlink")
    (param $n i32) (param $dir i32) (param $path i32) (param $length i32) (param $rights i64) (result i32)
    (local $e i32)
    (loop $again
      (if (local.tee $e (call $path_open (local.get $dir) (i32.const 0) (local.get $path) (local.get $length)
            (i32.const 5) (local.get $rights) (i64.const 0) (i32.const 0) (i32.const 16)))
        (then (return (local.get $e))))
      (if (local.tee $e (call $fd_close (i32.load (i32.const 16)))) (then (return (local.get $e))))
      (if (local.tee $e (call $unlink (local.get $dir) (local.get $path) (local.get $length)))
        (then (return (local.get $e))))
      (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (i32.const -1))

  (func (export "mkdir_rmdir") (param $n i32) (param $dir i32) (param $path i32) (param $length i32) (result i32)
    (local $e i32)
    (loop $again
      (if (local.tee $e (call $mkdir (local.get $dir) (local.get $path) (local.get $length)))
        (then (return (local.get $e))))
      (if (local.tee $e (call $rmdir (local.get $dir) (local.get $path) (local.get $length)))
        (then (return (local.get $e))))
      (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (i32.const -1))

  ;; There and back again: two renames each time.
  (func (export "rename")
    (param $n i32) (param $dir i32) (param $a i32) (param $a_length i32) (param $b i32) (param $b_length i32)
    (result i32)
    (local $e i32)
    (loop $again
      (if (local.tee $e (call $rename (local.get $dir) (local.get $a) (local.get $a_length)
            (local.get $dir) (local.get $b) (local.get $b_length)))
        (then (return (local.get $e))))
      (if (local.tee $e (call $rename (local.get $dir) (local.get $b) (local.get $b_length)
            (local.get $dir) (local.get $a) (local.get $a_length)))
        (then (return (local.get $e))))
      (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (i32.const -1))

  ;; The whole directory, as libc reads it: on from the cookie of the last entry that was not cut.
  (func (export "readdir") (param $n i32) (param $fd i32) (param $buffer i32) (param $size i32) (result i32)
    (local $e i32) (local $cookie i64) (local $at i32) (local $next i32) (local $end i32)
    (loop $again
      (global.set $entries (i32.const 0))
      (local.set $cookie (i64.const 0))
      (loop $fill
        (if (local.tee $e (call $fd_readdir (local.get $fd) (local.get $buffer) (local.get $size)
              (local.get $cookie) (i32.const 16)))
          (then (return (local.get $e))))
        (local.set $at (local.get $buffer))
        (local.set $end (i32.add (local.get $buffer) (i32.load (i32.const 16))))
        (block $cut
          (loop $entry
            (br_if $cut (i32.gt_u (i32.add (local.get $at) (i32.const 24)) (local.get $end)))
            (local.set $next (i32.add (i32.add (local.get $at) (i32.const 24)) (i32.load offset=16 (local.get $at))))
            (br_if $cut (i32.gt_u (local.get $next) (local.get $end)))
            (local.set $cookie (i64.load (local.get $at)))
            (global.set $entries (i32.add (global.get $entries) (i32.const 1)))
            (local.set $at (local.get $next))
            (br $entry)))
        (br_if $fill (i32.eq (i32.load (i32.const 16)) (local.get $size))))
      (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (i32.const -1))

  ;; Sequential reads and writes go back to the start every 4096th time, so that the first never
  ;; meet the end and the second don't fill the disk.
  (func (export "read") (param $n i32) (param $fd i32) (param $iov i32) (result i32)
    (local $e i32) (local $i i32)
    (loop $again
      (if (i32.eqz (i32.and (local.get $i) (i32.const 4095)))
        (then (if (local.tee $e (call $fd_seek (local.get $fd) (i64.const 0) (i32.const 0) (i32.const 16)))
          (then (return (local.get $e))))))
      (if (local.tee $e (call $fd_read (local.get $fd) (local.get $iov) (i32.const 1) (i32.const 16)))
        (then (return (local.get $e))))
      (if (i32.ne (i32.load (i32.const 16)) (i32.load offset=4 (local.get $iov))) (then (return (i32.const -2))))
      (br_if $again (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (local.get $n))))
    (i32.const -1))

  (func (export "write") (param $n i32) (param $fd i32) (param $iov i32) (result i32)
    (local $e i32) (local $i i32)
    (loop $again
      (if (i32.eqz (i32.and (local.get $i) (i32.const 4095)))
        (then (if (local.tee $e (call $fd_seek (local.get $fd) (i64.const 0) (i32.const 0) (i32.const 16)))
          (then (return (local.get $e))))))
      (if (local.tee $e (call $fd_write (local.get $fd) (local.get $iov) (i32.const 1) (i32.const 16)))
        (then (return (local.get $e))))
      (if (i32.ne (i32.load (i32.const 16)) (i32.load offset=4 (local.get $iov))) (then (return (i32.const -2))))
      (br_if $again (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (local.get $n))))
    (i32.const -1))

  ;; A call that writes memory, right after memory has moved or grown.
  (func (export "grow_call") (param $n i32) (result i32)
    (local $e i32)
    (loop $again
      (if (i32.eq (memory.grow (i32.const 1)) (i32.const -1)) (then (return (i32.const -3))))
      (if (local.tee $e (call $args_sizes_get (i32.const 16) (i32.const 20))) (then (return (local.get $e))))
      (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (i32.const -1))

  (func (export "grow_alone") (param $n i32) (result i32)
    (loop $again
      (if (i32.eq (memory.grow (i32.const 1)) (i32.const -1)) (then (return (i32.const -3))))
      (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (i32.const -1))
)

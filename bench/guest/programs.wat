;; Whole programs, each one run. They give -1 when all went well, an errno, or -2 for a count of
;; bytes that is too small. Addresses below 4096 are theirs, names are placed by the runner beneath
;; 65536, buffers are above.
(module
  (import "wasi_snapshot_preview1" "fd_close" (func $fd_close (param i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_read" (func $fd_read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_readdir" (func $fd_readdir (param i32 i32 i32 i64 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_filestat_get" (func $stat (param i32 i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_open"
    (func $path_open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))

  (memory (export "memory") 64 65536)

  (global $bytes (export "bytes") (mut i64) (i64.const 0))
  (global $files (export "files") (mut i32) (i32.const 0))

  ;; Opens into address 16. 0x8e001ff are all rights of a file.
  (func $open_file (param $dir i32) (param $path i32) (param $length i32) (param $oflags i32) (param $fdflags i32)
    (result i32)
    (call $path_open (local.get $dir) (i32.const 0) (local.get $path) (local.get $length)
      (local.get $oflags) (i64.const 0x8e001ff) (i64.const 0) (local.get $fdflags) (i32.const 16)))

  ;; From a file to a descriptor, 4 KiB at a time.
  (func (export "cat") (param $dir i32) (param $path i32) (param $length i32) (param $to i32) (result i32)
    (local $e i32) (local $fd i32)
    (global.set $bytes (i64.const 0))
    (if (local.tee $e (call $open_file (local.get $dir) (local.get $path) (local.get $length)
          (i32.const 0) (i32.const 0)))
      (then (return (local.get $e))))
    (local.set $fd (i32.load (i32.const 16)))
    (i32.store (i32.const 32) (i32.const 65536))
    (block $end
      (loop $more
        (i32.store (i32.const 36) (i32.const 4096))
        (if (local.tee $e (call $fd_read (local.get $fd) (i32.const 32) (i32.const 1) (i32.const 20)))
          (then (return (local.get $e))))
        (br_if $end (i32.eqz (i32.load (i32.const 20))))
        (i32.store (i32.const 36) (i32.load (i32.const 20)))
        (if (local.tee $e (call $fd_write (local.get $to) (i32.const 32) (i32.const 1) (i32.const 24)))
          (then (return (local.get $e))))
        (if (i32.ne (i32.load (i32.const 24)) (i32.load (i32.const 20))) (then (return (i32.const -2))))
        (global.set $bytes (i64.add (global.get $bytes) (i64.load32_u (i32.const 24))))
        (br $more)))
    (if (local.tee $e (call $fd_close (local.get $fd))) (then (return (local.get $e))))
    (i32.const -1))

  ;; Lines of 80 bytes in two pieces, appended (fdflag 1) to an empty file (9 is O_CREAT | O_TRUNC).
  (func (export "log") (param $dir i32) (param $path i32) (param $length i32) (param $lines i32) (result i32)
    (local $e i32) (local $fd i32)
    (if (local.tee $e (call $open_file (local.get $dir) (local.get $path) (local.get $length)
          (i32.const 9) (i32.const 1)))
      (then (return (local.get $e))))
    (local.set $fd (i32.load (i32.const 16)))
    (i32.store (i32.const 32) (i32.const 65536))
    (i32.store (i32.const 36) (i32.const 24))
    (i32.store (i32.const 40) (i32.const 65600))
    (i32.store (i32.const 44) (i32.const 56))
    (loop $line
      (if (local.tee $e (call $fd_write (local.get $fd) (i32.const 32) (i32.const 2) (i32.const 24)))
        (then (return (local.get $e))))
      (if (i32.ne (i32.load (i32.const 24)) (i32.const 80)) (then (return (i32.const -2))))
      (br_if $line (local.tee $lines (i32.sub (local.get $lines) (i32.const 1)))))
    (if (local.tee $e (call $fd_close (local.get $fd))) (then (return (local.get $e))))
    (i32.const -1))

  ;; All entries beneath a directory, each looked at with path_filestat_get.
  (func (export "walk") (param $dir i32) (param $path i32) (param $length i32) (result i32)
    (global.set $files (i32.const 0))
    (call $enter (local.get $dir) (local.get $path) (local.get $length) (i32.const 65536)))

  (func $enter (param $dir i32) (param $path i32) (param $length i32) (param $buffer i32) (result i32)
    (local $e i32) (local $fd i32)
    ;; 2 is O_DIRECTORY; the rights are those of a directory and of what is in it.
    (if (local.tee $e (call $path_open (local.get $dir) (i32.const 0) (local.get $path) (local.get $length)
          (i32.const 2) (i64.const 0xfbffe98) (i64.const 0xfffffff) (i32.const 0) (i32.const 16)))
      (then (return (local.get $e))))
    (local.set $fd (i32.load (i32.const 16)))
    (if (i32.ne (local.tee $e (call $each (local.get $fd) (local.get $buffer))) (i32.const -1))
      (then (return (local.get $e))))
    (if (local.tee $e (call $fd_close (local.get $fd))) (then (return (local.get $e))))
    (i32.const -1))

  ;; Entries through a buffer of 4 KiB. What is deeper has its buffer 8 KiB further up.
  (func $each (param $fd i32) (param $buffer i32) (result i32)
    (local $e i32) (local $cookie i64) (local $at i32) (local $next i32) (local $end i32) (local $used i32)
    (loop $fill
      (if (local.tee $e (call $fd_readdir (local.get $fd) (local.get $buffer) (i32.const 4096)
            (local.get $cookie) (i32.const 20)))
        (then (return (local.get $e))))
      (local.set $used (i32.load (i32.const 20)))
      (local.set $at (local.get $buffer))
      (local.set $end (i32.add (local.get $buffer) (local.get $used)))
      (block $cut
        (loop $entry
          (br_if $cut (i32.gt_u (i32.add (local.get $at) (i32.const 24)) (local.get $end)))
          (local.set $next (i32.add (i32.add (local.get $at) (i32.const 24)) (i32.load offset=16 (local.get $at))))
          (br_if $cut (i32.gt_u (local.get $next) (local.get $end)))
          (local.set $cookie (i64.load (local.get $at)))
          (if (i32.ne (local.tee $e (call $visit (local.get $fd) (local.get $at) (local.get $buffer))) (i32.const -1))
            (then (return (local.get $e))))
          (local.set $at (local.get $next))
          (br $entry)))
      (br_if $fill (i32.eq (local.get $used) (i32.const 4096))))
    (i32.const -1))

  ;; One entry. No name in the tree starts with a dot but those of the directory and its parent.
  (func $visit (param $fd i32) (param $entry i32) (param $buffer i32) (result i32)
    (local $e i32) (local $name i32) (local $length i32)
    (local.set $name (i32.add (local.get $entry) (i32.const 24)))
    (local.set $length (i32.load offset=16 (local.get $entry)))
    (if (i32.eq (i32.load8_u (local.get $name)) (i32.const 0x2e)) (then (return (i32.const -1))))
    (if (local.tee $e (call $stat (local.get $fd) (i32.const 0) (local.get $name) (local.get $length) (i32.const 64)))
      (then (return (local.get $e))))
    (if (i32.eq (i32.load8_u offset=16 (i32.const 64)) (i32.const 3))
      (then (return (call $enter (local.get $fd) (local.get $name) (local.get $length)
        (i32.add (local.get $buffer) (i32.const 8192))))))
    (global.set $files (i32.add (global.get $files) (i32.const 1)))
    (i32.const -1))
)

;; A plugin that computes, and that calls its host.
(module
  (import "env" "f" (func $f (param i32) (result i32)))
  (memory (export "memory") 1)
  (func (export "add") (param $a i32) (param $b i32) (result i32)
    (i32.add (local.get $a) (local.get $b)))
  ;; For functions of the host that call back.
  (func (export "same") (param $value i32) (result i32)
    (local.get $value))
  ;; The sum of what the host gives for `count`, `count - 1` and so on down to 1.
  (func (export "loop") (param $count i32) (result i32)
    (local $sum i32)
    (loop $next
      (local.set $sum (i32.add (local.get $sum) (call $f (local.get $count))))
      (br_if $next (local.tee $count (i32.sub (local.get $count) (i32.const 1)))))
    (local.get $sum))
  ;; What the host gives, which is asked again while that is negative.
  (func $call (export "call") (param $value i32) (result i32)
    (local $result i32)
    (loop $again
      (local.set $result (call $f (local.get $value)))
      (br_if $again (i32.lt_s (local.get $result) (i32.const 0))))
    (local.get $result))
  (func (export "_start")
    (drop (call $call (i32.const 1)))))

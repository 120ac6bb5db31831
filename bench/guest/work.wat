;; A command that computes for about a millisecond.
(module
  (memory (export "memory") 1)
  (func $mix (param $n i32) (result i32)
    (local $a i32)
    (local.set $a (i32.const 0x6a09e667))
    (loop $rounds
      (local.set $a (i32.add (i32.mul (i32.rotl (local.get $a) (i32.const 13)) (i32.const 5)) (local.get $n)))
      (br_if $rounds (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (local.get $a))
  (func (export "_start")
    (i32.store (i32.const 0) (call $mix (i32.const 700000)))))

;; What programs spend their time with, as functions of how much of it there is to do.
(module
  (memory (export "memory") 256)

  ;; Counts the primes below $n, at most 16 million, with a byte for each number.
  (func (export "sieve") (param $n i32) (result f64)
    (local $i i32) (local $j i32) (local $count i32)
    (memory.fill (i32.const 0) (i32.const 1) (local.get $n))
    (local.set $i (i32.const 2))
    (loop $numbers
      (if (i32.load8_u (local.get $i)) (then
        (local.set $count (i32.add (local.get $count) (i32.const 1)))
        (local.set $j (i32.shl (local.get $i) (i32.const 1)))
        (block $crossed
          (loop $multiples
            (br_if $crossed (i32.ge_u (local.get $j) (local.get $n)))
            (i32.store8 (local.get $j) (i32.const 0))
            (local.set $j (i32.add (local.get $j) (local.get $i)))
            (br $multiples)))))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $numbers (i32.lt_u (local.get $i) (local.get $n))))
    (f64.convert_i32_u (local.get $count)))

  ;; Multiplies two matrices of $n times $n numbers, at most 512, and gives the sum of the product.
  (func (export "multiply") (param $n i32) (result f64)
    (local $i i32) (local $j i32) (local $k i32)
    (local $row i32) (local $size i32) (local $right i32) (local $a i32) (local $b i32)
    (local $cell f64) (local $sum f64)
    (local.set $row (i32.shl (local.get $n) (i32.const 3)))
    (local.set $size (i32.mul (local.get $row) (local.get $n)))
    (local.set $right (local.get $size))
    (loop $fill
      (f64.store (local.get $i) (f64.convert_i32_u (i32.and (local.get $i) (i32.const 255))))
      (f64.store (i32.add (local.get $i) (local.get $right))
        (f64.convert_i32_u (i32.and (local.get $i) (i32.const 127))))
      (local.set $i (i32.add (local.get $i) (i32.const 8)))
      (br_if $fill (i32.lt_u (local.get $i) (local.get $size))))
    (local.set $i (i32.const 0))
    (loop $rows
      (local.set $j (i32.const 0))
      (loop $columns
        (local.set $a (i32.mul (local.get $i) (local.get $row)))
        (local.set $b (i32.add (local.get $right) (i32.shl (local.get $j) (i32.const 3))))
        (local.set $cell (f64.const 0))
        (local.set $k (local.get $n))
        (loop $products
          (local.set $cell (f64.add (local.get $cell)
            (f64.mul (f64.load (local.get $a)) (f64.load (local.get $b)))))
          (local.set $a (i32.add (local.get $a) (i32.const 8)))
          (local.set $b (i32.add (local.get $b) (local.get $row)))
          (br_if $products (local.tee $k (i32.sub (local.get $k) (i32.const 1)))))
        (local.set $sum (f64.add (local.get $sum) (local.get $cell)))
        (local.set $j (i32.add (local.get $j) (i32.const 1)))
        (br_if $columns (i32.lt_u (local.get $j) (local.get $n))))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $rows (i32.lt_u (local.get $i) (local.get $n))))
    (local.get $sum))

  ;; $n rounds that turn, add and choose between words, as hash functions do.
  (func (export "mix") (param $n i32) (result f64)
    (local $a i32) (local $b i32) (local $c i32) (local $d i32) (local $e i32) (local $t i32)
    (local.set $a (i32.const 0x6a09e667))
    (local.set $b (i32.const 0xbb67ae85))
    (local.set $c (i32.const 0x3c6ef372))
    (local.set $d (i32.const 0xa54ff53a))
    (local.set $e (i32.const 0x510e527f))
    (loop $rounds
      (local.set $t (i32.add
        (i32.add (local.get $d) (i32.load (i32.shl (i32.and (local.get $n) (i32.const 63)) (i32.const 2))))
        (i32.add
          (i32.xor (i32.xor (i32.rotr (local.get $e) (i32.const 6)) (i32.rotr (local.get $e) (i32.const 11)))
            (i32.rotr (local.get $e) (i32.const 25)))
          (i32.xor (i32.and (local.get $e) (local.get $a))
            (i32.and (i32.xor (local.get $e) (i32.const -1)) (local.get $b))))))
      (i32.store (i32.shl (i32.and (local.get $n) (i32.const 63)) (i32.const 2)) (local.get $t))
      (local.set $d (local.get $c))
      (local.set $c (local.get $b))
      (local.set $b (local.get $a))
      (local.set $a (i32.add (local.get $t) (i32.xor (local.get $a) (local.get $b))))
      (local.set $e (i32.add (local.get $e) (local.get $t)))
      (br_if $rounds (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (f64.convert_i32_u (local.get $e)))

  ;; The Fibonacci number $n by the definition: nothing but calls.
  (func $fibonacci (param $n i32) (result i32)
    (if (result i32) (i32.lt_u (local.get $n) (i32.const 2))
      (then (local.get $n))
      (else (i32.add
        (call $fibonacci (i32.sub (local.get $n) (i32.const 1)))
        (call $fibonacci (i32.sub (local.get $n) (i32.const 2)))))))
  (func (export "fibonacci") (param $n i32) (result f64)
    (f64.convert_i32_u (call $fibonacci (local.get $n)))))

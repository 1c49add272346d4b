// An activity that computes a Fibonacci number. The exported object is the interface `example:fibo/fibo`.

const LARGEST = 78; // the last whose number a JavaScript Number holds exactly; QuickJS has no other u64

export const fibo = {
  fibo(n) {
    if (n > LARGEST) {
      throw `fibo(${n}) is refused, the largest is fibo(${LARGEST})`; // what is thrown is the err
    }
    let [last, current] = [0, 1];
    for (let i = 0; i < n; i++) {
      [last, current] = [current, last + current];
    }
    return last;
  },
};

/** Prints the seconds that the first vector of a fresh process takes, symbolic analysis and a cold JavaScript engine included. */
import { oneVector, testArray } from './test-array.ts';

const array = testArray();
console.log(oneVector(array).seconds);

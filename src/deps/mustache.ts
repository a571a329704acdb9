/**
 * The seam of mustache: what our templates are compared with in tests. Nothing else uses it.
 *
 * @module
 */

// @ts-types="npm:@types/mustache@4.2.6"
export { default as Mustache } from "npm:mustache@4.2.0";

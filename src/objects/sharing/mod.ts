/** Door of what objects need to be read while others write. @module */
export * as Delayed from "./delayed.ts";
export * as ListItems from "./list_items.ts";
export * as References from "./references.ts";

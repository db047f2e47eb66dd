import type { Missing } from "../types";

/** Reasons of the server for what was never logged. Everything else could not be read. */
const NOT_LOGGED = /^(no|unknown) /;

/** Return true for an item that was logged but could not be read. */
export const isUnread = ({ unread, reason }: Missing) => unread === true || !NOT_LOGGED.test(reason);

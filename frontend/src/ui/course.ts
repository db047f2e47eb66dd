import { useEffect } from "preact/hooks";
import type { Course } from "../data/shapes";
import { useStore } from "./context";

/** Lets the arrow keys move among the steps and layers of the panel that is open. */
export function useCourse(course: Course): void {
  const store = useStore();
  useEffect(() => {
    store.course.value = course;
    return () => {
      if (store.course.peek() === course) store.course.value = null;
    };
  }, [store, course]);
}

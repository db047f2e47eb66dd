import { useEffect, useRef, useState } from "preact/hooks";
import { useStore } from "../../ui/context";

/** Distance in pixels from the visible part at which an element counts as in view. */
const MARGIN = "300px";

/** Return a ref for an element, and whether it has been in view. Everything is in view while a picture is drawn. */
export function useInView<T extends Element>() {
  const { printing } = useStore();
  const ref = useRef<T>(null);
  const [seen, setSeen] = useState(false);
  useEffect(() => {
    const element = ref.current;
    if (!element || seen) return;
    const observer = new IntersectionObserver(
      (entries) => {
        if (entries.some(({ isIntersecting }) => isIntersecting)) setSeen(true);
      },
      { rootMargin: MARGIN },
    );
    observer.observe(element);
    return () => observer.disconnect();
  }, [seen]);
  return { ref, inView: seen || printing.value };
}
